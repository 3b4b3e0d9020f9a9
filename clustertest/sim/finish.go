package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/clustertest/check"
	"tocsin/fsm"
)

// convergence is how long the cluster may take to converge, and rest how long
// it is looked at afterwards.
const (
	convergence = 6 * time.Minute
	rest        = 20 * time.Second
)

// calm ends all faults.
func (r *run) calm() {
	r.record.fault("all faults end")
	close(r.stopping)
	r.actions = nil
	r.links = nil
	r.setLinks()
	r.scripts.change((*scripts).behave)
	r.mendDisks()
	r.world.calm()
	r.working.Wait()
	for _, name := range r.cluster.Names() {
		r.restart(name)
	}
	for _, name := range r.cluster.Up() {
		if slices.Contains(r.cluster.Node(name).Readiness().Problems, "this node was taken out of the cluster") {
			r.stop(name)
			r.restart(name)
		}
	}
}

// settle waits until the cluster has converged, or should have.
func (r *run) settle() {
	for end := r.record.now() + convergence; r.record.now() < end; {
		if len(r.unsettled()) == 0 {
			r.until(r.record.now() + rest)
			return
		}
		r.until(r.record.now() + time.Second)
	}
}

// unsettled says what has not converged.
func (r *run) unsettled() (problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	names := r.cluster.Names()
	leaders := map[string]bool{}
	for _, name := range names {
		n, up := r.cluster.Running(name)
		if !up {
			bad("%s is down", name)
			continue
		}
		readiness := n.Readiness()
		if !readiness.Ready {
			bad("%s is not ready: %q", name, readiness.Problems)
		}
		leaders[readiness.Leader] = true
		alive := 0
		for _, m := range n.GossipMembers() {
			if m.Alive {
				alive++
			}
		}
		if alive != len(names) {
			bad("%s sees %d of %d nodes alive in the gossip", name, alive, len(names))
		}
		ledger := r.cluster.Ledger(name)
		if last := n.View().LastEvent(); len(ledger.Entries) > 0 || len(ledger.Outbox) > 0 || ledger.Cursor < last && ledger.Origin < last {
			bad("the ledger of %s is at %d of %d, with %d notifications to end and %d outcomes to report", name, ledger.Cursor, last, len(ledger.Entries), len(ledger.Outbox))
		}
	}
	if len(leaders) != 1 {
		bad("there are the leaders %q", slices.Sorted(maps.Keys(leaders)))
	}
	return append(problems, r.unsettledState(leaders)...)
}

func (r *run) unsettledState(leaders map[string]bool) (problems []string) {
	for name := range leaders {
		n, up := r.cluster.Running(name)
		if !up {
			continue
		}
		view := n.View()
		for e := range view.AwaitingLeader() {
			if origin := r.cluster.Ledger(name).Origin; e.ID > origin {
				problems = append(problems, fmt.Sprintf("event %d of %s awaits a run as leader", e.ID, e.Key))
			}
		}
		for e := range view.Endpoints("") {
			if want := r.world.really(e.Value); e.State != want {
				problems = append(problems, fmt.Sprintf("%s (%s) is really %v and its state is %v", e.Key, e.Value, want, e.State))
			}
		}
		if got := view.ObserverCount(); got != len(r.cluster.Names()) {
			problems = append(problems, fmt.Sprintf("there are %d observers and %d nodes", got, len(r.cluster.Names())))
		}
	}
	return problems
}

// finish replays the log and completes the history.
func (r *run) finish(from time.Duration) Result {
	unsettled := r.unsettled()
	states := map[string]string{}
	for _, name := range r.cluster.Up() {
		states[name] = digest(r.cluster.Node(name).View())
	}
	rec := r.record
	rec.mu.Lock()
	h := rec.history
	h.Lives = nil
	for _, l := range rec.lives {
		h.Lives = append(h.Lives, l.Life)
	}
	rec.mu.Unlock()
	if r.plan.Live {
		h.Well = well(from, rec.now(), h.Ill)
	}
	h.Final = check.Final{At: rec.now(), Unsettled: unsettled, States: states, Truth: r.world.all()}
	if err := rec.replay(&h); err != nil {
		r.t.Fatalf("the simulation has lost a part of the log: %v", err)
	}
	rec.countAfterwards(&h)
	return Result{History: &h, Sometimes: rec.counts}
}

// replay applies the committed log to a state machine that has seen nothing.
func (r *recorder) replay(h *check.History) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	machine := fsm.NewMachine()
	last := uint64(0)
	for _, index := range slices.Sorted(maps.Keys(r.applied)) {
		if index != last+1 {
			return fmt.Errorf("entry %d follows entry %d", index, last)
		}
		last = index
		c := r.applied[index]
		entry := check.Entry{Index: index, Term: c.Term, At: c.at}
		before := machine.View()
		switch c.Type {
		case raft.LogCommand:
			commands, err := fsm.Decode(c.Data)
			if err != nil {
				return err
			}
			entry.Commands = commands
			machine.Apply(c.Log)
		case raft.LogConfiguration:
			entry.Voters = voters(raft.DecodeConfiguration(c.Data))
		}
		h.Log = append(h.Log, entry)
		for e := range machine.View().EventsAfter(before.LastEvent()) {
			h.Events = append(h.Events, eventOf(e, before, c.at))
		}
	}
	h.Final.Replayed = digest(machine.View())
	h.Final.Endpoints = slices.Collect(machine.View().Endpoints(""))
	return nil
}

func eventOf(e *fsm.Event, before *fsm.View, at time.Duration) check.Event {
	event := check.Event{Event: e, At: at, Observers: slices.Collect(before.Observers()), TTL: before.Settings().BallotTTL()}
	if endpoint, ok := before.Endpoint(e.Key); ok {
		event.Settings = before.SettingsOf(endpoint)
	}
	return event
}

func voters(c raft.Configuration) []string {
	names := []string{}
	for _, s := range c.Servers {
		if s.Suffrage == raft.Voter {
			names = append(names, string(s.ID))
		}
	}
	return names
}

// digest writes down all that a View holds, a line each.
func digest(v *fsm.View) string {
	var text strings.Builder
	line := func(what string, of any) {
		packed, err := json.Marshal(of)
		fmt.Fprintf(&text, "%s %s %v\n", what, packed, err)
	}
	line("settings", v.Settings())
	line("cluster", v.ClusterID())
	for e := range v.Endpoints("") {
		line("endpoint", e)
	}
	for o := range v.Observers() {
		line("observer", o)
	}
	for e := range v.EventsAfter(0) {
		line("event", e)
		for o := range v.Outcomes(e.ID) {
			line("outcome", o)
		}
	}
	for e := range v.AwaitingLeader() {
		line("awaiting", e.ID)
	}
	return text.String()
}
