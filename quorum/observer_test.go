package quorum_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/hold"
	"tocsin/quorum"
)

// heard notes what an Observer is told.
type heard struct {
	results  []quorum.Result
	took     []time.Duration
	changed  []health.Status
	heldBack []hold.Kind
}

func (h *heard) Proposed(r quorum.Result, took time.Duration) {
	h.results, h.took = append(h.results, r), append(h.took, took)
}
func (h *heard) Changed(e *fsm.Event)  { h.changed = append(h.changed, e.To) }
func (h *heard) HeldBack(by hold.Kind) { h.heldBack = append(h.heldBack, by) }

// TestObserver_HearsWhatCameOfEachProposal, and how long that took.
func TestObserver_HearsWhatCameOfEachProposal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &heard{}
		l := &leader{world: newWorld(t, "", "", "")}
		var closed atomic.Bool
		l.obstacle = func(context.Context, fsm.Transition) error {
			time.Sleep(10 * time.Millisecond)
			if closed.Load() {
				return errUncertain
			}
			return nil
		}
		l.set("db", "v")
		loop := quorum.NewLoop(quorum.Config{Node: "node1", Machine: l.Machine, Ballots: l.ballots, Proposer: l, Observer: h})
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = loop.Run(ctx, l.term, time.Now())
		}()
		settle := func() {
			time.Sleep(20 * time.Millisecond)
			synctest.Wait()
		}
		l.allSay(health.Up, "db")
		settle()
		l.allSay(health.Down, "db")
		settle()
		l.allSay(health.Up, "db") // held back by the cooldown
		l.set("new", "v")
		closed.Store(true)
		l.allSay(health.Up, "new")
		settle()
		closed.Store(false)
		time.Sleep(2 * time.Second) // it rests, and tries again
		l.set("changed", "v")
		l.allSay(health.Up, "changed")
		l.set("changed", "another") // while the proposal is on its way
		settle()
		cancel(errors.New("the end"))
		<-done

		if want := []quorum.Result{quorum.Applied, quorum.Applied, quorum.Failed, quorum.Applied, quorum.Overtaken}; !slices.Equal(h.results, want) {
			t.Errorf("heard of %v, want %v", h.results, want)
		}
		for _, took := range h.took {
			if took != 10*time.Millisecond {
				t.Errorf("heard that it took %v", h.took)
			}
		}
		if want := []health.Status{health.Up, health.Down, health.Up}; !slices.Equal(h.changed, want) {
			t.Errorf("heard of changes to %v, want %v", h.changed, want)
		}
		if !slices.Equal(h.heldBack, []hold.Kind{hold.Cooldown}) {
			t.Errorf("heard that %v held changes back", h.heldBack)
		}
	})
}
