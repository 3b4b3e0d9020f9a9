package sim

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/clustertest/check"
	"tocsin/clustertest/replay"
	"tocsin/health"
	"tocsin/hold"
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
	r.traps.clear()
	r.links = nil
	r.setLinks()
	r.scripts.change(func(s *scripts) { s.behave(); s.calm = true })
	r.mendDisks()
	r.world.calm()
	r.working.Wait()
	for _, name := range r.cluster.Names() {
		r.restart(name)
	}
	// One that was taken out while nobody reached it does not even know.
	for _, name := range r.cluster.Up() {
		if r.left[name] {
			r.stop(name)
			r.restartSoon(name)
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
	problems = append(problems, r.unsettledState(leaders)...)
	return append(problems, r.unsettledVoters(leaders)...)
}

// unsettledVoters says who should vote and does not, and how many should.
func (r *run) unsettledVoters(leaders map[string]bool) (problems []string) {
	for name := range leaders {
		n, up := r.cluster.Running(name)
		if !up {
			continue
		}
		servers, err := n.RaftServers()
		if err != nil {
			problems = append(problems, err.Error())
		}
		votes := map[string]bool{}
		for _, s := range servers {
			if s.Voter {
				votes[s.Node] = true
			}
		}
		view := n.View()
		if want := min(view.Settings().MaxVoters, view.ObserverCount()); len(votes) != want {
			problems = append(problems, fmt.Sprintf("%d nodes vote, and %d should", len(votes), want))
		}
		for o := range view.Observers() {
			if o.Preferred && !votes[o.Node] {
				problems = append(problems, fmt.Sprintf("%s is preferred as a voter and does not vote", o.Node))
			}
		}
	}
	return problems
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
			want := r.world.really(e.Value)
			held := len(hold.Parents(view, e)) > 0 || want == health.Down && len(hold.Braked(view, 0)) > 0
			if e.State != want && !held {
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
		states[name] = replay.Digest(r.cluster.Node(name).View())
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
	var log []replay.Committed
	for _, index := range slices.Sorted(maps.Keys(r.applied)) {
		log = append(log, replay.Committed{Log: r.applied[index].Log, At: r.applied[index].at})
	}
	view, err := replay.Log(h, log)
	if err != nil {
		return err
	}
	h.Final.Replayed = replay.Digest(view)
	h.Final.Endpoints = slices.Collect(view.Endpoints(""))
	return nil
}
