package sim

import (
	"context"
	"math/rand/v2"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// What people do to decisions, while all the rest goes on.
const (
	PauseSome    Kind = "endpoints are paused"
	SetByHand    Kind = "a state is set by hand"
	TransferLead Kind = "the lead is handed over"
)

// intervene does what people do, and reports whether the kind is one of these.
func (r *run) intervene(kind Kind, dice *rand.Rand, last time.Duration) (end func(), mine bool) {
	switch kind {
	case PauseSome:
		return r.pause(dice, last), true
	case SetByHand:
		k, to := key(dice.IntN(r.plan.Endpoints)), []health.Status{health.Up, health.Down}[dice.IntN(2)]
		r.record.fault("%s: %s is to be %v", kind, k, to)
		r.working.Go(func() {
			r.write(-1, dice, fsm.ForceState{Key: k, To: to, Manual: fsm.Manual{Reason: string(kind), By: "sim"}})
		})
	case TransferLead:
		r.transfer()
	default:
		return nil, false
	}
	return nil, true
}

// pause pauses all endpoints, or one, for so long. Every pause has an end of its
// own, since an answer may be lost; half of them are taken back before it. While
// it holds, what it covers changes, some of it more than once.
func (r *run) pause(dice *rand.Rand, last time.Duration) (end func()) {
	now := r.record.now()
	if now+last > r.plan.Length-lastAct {
		return nil // what is left undone in the end is the business of others
	}
	scope := fsm.Scope{}
	if dice.IntN(2) == 0 {
		scope.Prefix = key(dice.IntN(r.plan.Endpoints))
	}
	since := time.Now().UTC()
	p := fsm.Pause{Scope: scope, Reason: "sim", Since: since, Until: since.Add(last)}
	takenBack := dice.IntN(2) == 0
	if takenBack {
		p.Until = since.Add(2 * last)
	}
	r.record.fault("%s: %v until %v", PauseSome, scope, now+p.Until.Sub(since))
	ends := rand.New(rand.NewPCG(dice.Uint64(), 0)) // the writer has the other
	r.working.Go(func() { r.write(-1, dice, fsm.PauseEndpoints{Pause: p}) })
	r.at(now+last/3, r.flipAll)
	if ends.IntN(2) == 0 {
		r.at(now+last*2/3, r.flipAll)
	}
	return func() {
		if !takenBack {
			return
		}
		r.record.fault("the pause of %v is taken back", scope)
		r.working.Go(func() { r.write(-1, ends, fsm.ResumeEndpoints{Scope: scope}) })
	}
}

// pauseAll pauses all endpoints for so long. The dice are for the writer.
func (r *run) pauseAll(dice *rand.Rand, last time.Duration) {
	since := time.Now().UTC()
	p := fsm.Pause{Reason: "sim", Since: since, Until: since.Add(last)}
	r.record.fault("%s: all until %v", PauseSome, r.record.now()+last)
	r.working.Go(func() { r.write(-1, dice, fsm.PauseEndpoints{Pause: p}) })
}

// transfer has the leader hand the lead over to whom it will.
func (r *run) transfer() {
	name, ok := r.leads()
	if !ok {
		return
	}
	r.record.fault("%s by %s", TransferLead, name)
	n := r.cluster.Node(name)
	r.working.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if _, err := n.TransferLeadership(ctx, ""); err != nil {
			r.record.fault("%s did not hand the lead over: %v", name, err)
		}
	})
}
