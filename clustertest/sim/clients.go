package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"tocsin/api"
	"tocsin/clustertest/check"
	"tocsin/fsm"
	"tocsin/health"
)

func key(i int) string { return fmt.Sprintf("e%d", i) }

// target is what value number v of an endpoint stands for.
func target(key string, v int) string { return fmt.Sprintf("%s/%d", key, v) }

func statusOf(n uint64) health.Status {
	if n%3 == 0 {
		return health.Down
	}
	return health.Up
}

func (r *run) targets() (all []string) {
	for i := range r.plan.Endpoints {
		all = append(all, target(key(i), 0), target(key(i), 1))
	}
	return all
}

func asText(names []string) string { return strings.Join(names, " ") }

// clientCount clients write beside the plan, each one thing at a time.
const clientCount = 3

func (r *run) clients() {
	for number := range clientCount {
		r.working.Go(func() { r.client(number) })
	}
}

func (r *run) client(number int) {
	dice := rand.New(rand.NewPCG(r.plan.Seed, uint64(number)))
	for {
		select {
		case <-time.After(time.Duration(1000+dice.IntN(30_000)) * time.Millisecond):
		case <-r.stopping:
			return
		}
		k := key(dice.IntN(r.plan.Endpoints))
		if dice.IntN(8) == 0 {
			r.write(number, dice, fsm.DeleteEndpoint{Key: k})
			continue
		}
		if event, node, found := r.givenUp(dice); found && dice.IntN(4) == 0 {
			r.write(number, dice, fsm.RetryNotification{Event: event, Node: node})
			continue
		}
		set := fsm.SetEndpoint{Key: k, Value: target(k, dice.IntN(2))}
		if dice.IntN(8) > 0 {
			set.Labels = r.label()
		}
		if parents := r.plan.parents(k); parents != nil && dice.IntN(3) == 0 {
			set.Parents = []*[]string{parents, parents, parents, {}}[dice.IntN(4)]
		}
		r.write(number, dice, set)
	}
}

// recently is how many events back somebody asks for one again. Only the newest
// of an endpoint can be, and some ask for others.
const recently = 30

// givenUp draws a notification that was given up, as one node shows it, or all
// of its event.
func (r *run) givenUp(dice *rand.Rand) (event uint64, node string, found bool) {
	l := r.record.anybody(dice)
	if l == nil {
		return 0, "", false
	}
	view, seen := l.node.View(), 0
	var all []*fsm.Outcome
	for e := range view.EventsBackwards() {
		for o := range view.Outcomes(e.ID) {
			if o.Ending == fsm.GaveUp {
				all = append(all, o)
			}
		}
		if seen++; seen == recently {
			break
		}
	}
	if len(all) == 0 {
		return 0, "", false
	}
	one := all[dice.IntN(len(all))]
	return one.Event, []string{"", one.Node}[dice.IntN(2)], true
}

// label returns a label that no other write has.
func (r *run) label() *map[string]string {
	return &map[string]string{"write": fmt.Sprint(r.labels.Add(1))}
}

// write has a node that is up write, and records the answer.
func (r *run) write(client int, dice *rand.Rand, command fsm.Command) {
	l := r.record.anybody(dice)
	if l == nil {
		return
	}
	w := check.Write{Client: client, Node: l.Life.Node, Command: command, From: r.record.now()}
	results, err := l.node.Propose(context.Background(), command)
	w.To = r.record.now()
	_, refused := errors.AsType[*fsm.Refusal](err)
	switch {
	case l.process.Over.Err() != nil:
		w.Err, w.Uncertain = "the node died", true
	case refused:
		w.Refused = err.Error()
	case err != nil:
		w.Err, w.Uncertain = err.Error(), !errors.Is(err, api.ErrNoLeader)
	case results[0].Refused != nil:
		w.Index, w.Refused = results[0].Index, results[0].Refused.Error()
	default:
		w.Index, w.Changed = results[0].Index, results[0].Changed
	}
	r.record.change(func(h *check.History, _ time.Duration) { h.Writes = append(h.Writes, w) })
}

// rewrite changes endpoints and settings.
func (r *run) rewrite(kind Kind, dice *rand.Rand) {
	r.record.fault("%s", kind)
	k := key(dice.IntN(r.plan.Endpoints))
	r.working.Go(func() {
		switch kind {
		case DeleteAndAdd:
			r.write(-1, dice, fsm.DeleteEndpoint{Key: k})
			r.write(-1, dice, fsm.SetEndpoint{Key: k, Value: target(k, dice.IntN(2)), Labels: r.label(), Parents: r.plan.parents(k)})
		case Burst:
			for range 60 {
				r.write(-1, dice, fsm.SetEndpoint{Key: k, Value: target(k, 0), Labels: r.label()})
			}
		case ChangeSetting:
			r.write(-1, dice, fsm.ChangeSettings{Settings: r.changed(dice)})
		}
	})
}

// changed returns settings that differ from the plan's in one thing.
func (r *run) changed(dice *rand.Rand) fsm.ClusterSettings {
	s := r.plan.Settings
	switch dice.IntN(6) {
	case 0:
		s.EventsKept = 2 + dice.IntN(4)
	case 1:
		s.Interval = fsm.Duration(time.Duration(1+dice.IntN(3)) * time.Second)
	case 2:
		s.Cooldown = fsm.Duration(time.Duration(dice.IntN(20)) * time.Second)
	case 3:
		s.NotifyAttempts = 1 + dice.IntN(4)
	case 4:
		s.Verify = fmt.Sprintf("verify-%d.sh", dice.IntN(3))
	}
	return s
}
