package notify_test

import (
	"testing"
	"testing/synctest"
	"time"

	"tocsin/fsm"
	"tocsin/notify"
)

// failing makes the script of "a" fail until it is mended.
func (w *world) failing(yes bool) {
	w.setScript(func(notify.Job) reply {
		if yes {
			return reply{code: 2}
		}
		return reply{}
	})
}

func TestNotifier_RunsWhatWasGivenUpAgainWhenAsked(t *testing.T) {
	bubble(t, "at once", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		p := begin(t, w.config(notify.NewMemoryLedger()))
		w.failing(true)
		event := w.decide(t, "a", "other")
		pass(time.Second)
		if o := w.outcome(t, event); o.Ending != fsm.GaveUp || o.Attempt != 1 {
			t.Fatalf("it ended as %+v", o)
		}
		w.failing(false)
		pass(time.Hour)
		expectStory(t, w, "follower a 6/1") // nobody has asked
		asked := w.do(t, fsm.RetryNotification{Event: event, Node: "self"})
		pass(time.Second)
		if o := w.outcome(t, event); o.Ending != fsm.Done || o.Attempt != 2 || o.Retry != asked || o.AwaitsRetry() {
			t.Errorf("it ended as %+v", o)
		}
		pass(time.Hour)
		expectStory(t, w, "follower a 6/1", "follower a 6/2")
		if s := p.Status(); s.Waiting+s.Running+s.Unreported > 0 {
			t.Errorf("something is left: %+v", s)
		}
	})
	bubble(t, "with all its attempts, and as often as it is asked", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		begin(t, w.config(notify.NewMemoryLedger()))
		w.setScript(func(notify.Job) reply { return reply{code: 1} })
		event := w.decide(t, "a", "other")
		pass(time.Hour)
		for _, attempts := range []int{6, 9} {
			w.do(t, fsm.RetryNotification{Event: event})
			pass(time.Hour)
			if o := w.outcome(t, event); o.Ending != fsm.GaveUp || o.Attempt != attempts || o.AwaitsRetry() {
				t.Errorf("it ended as %+v, not after attempt %d", o, attempts)
			}
		}
	})
	bubble(t, "when the node is back", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		ledger := notify.NewMemoryLedger()
		p := begin(t, w.config(ledger))
		w.failing(true)
		event := w.decide(t, "a", "other")
		pass(time.Second)
		_ = p.stop()
		w.failing(false)
		w.do(t, fsm.RetryNotification{Event: event})
		begin(t, w.config(ledger))
		pass(time.Second)
		if o := w.outcome(t, event); o.Ending != fsm.Done {
			t.Errorf("it ended as %+v", o)
		}
	})
}

// TestNotifier_KeepsTheOrderWhenAsked: an event that came in the meantime takes
// the place of the one that was asked for.
func TestNotifier_KeepsTheOrderWhenAsked(t *testing.T) {
	bubble(t, "a newer event", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		ledger := notify.NewMemoryLedger()
		p := begin(t, w.config(ledger))
		w.failing(true)
		event := w.decide(t, "a", "other")
		pass(time.Second)
		_ = p.stop()
		w.failing(false)
		w.do(t, fsm.RetryNotification{Event: event})
		newer := w.decide(t, "a", "other")
		begin(t, w.config(ledger))
		pass(time.Hour)
		expectStory(t, w, "follower a 6/1", "follower a 9/1")
		if o := w.outcome(t, event); o.Ending != fsm.Superseded || o.AwaitsRetry() {
			t.Errorf("what was asked for ended as %+v", o)
		}
		if o := w.outcome(t, newer); o.Ending != fsm.Done {
			t.Errorf("the newer one ended as %+v", o)
		}
	})
	bubble(t, "the endpoint is gone", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		ledger := notify.NewMemoryLedger()
		p := begin(t, w.config(ledger))
		w.failing(true)
		event := w.decide(t, "a", "other")
		pass(time.Second)
		_ = p.stop()
		w.do(t, fsm.RetryNotification{Event: event})
		w.do(t, fsm.DeleteEndpoint{Key: "a"})
		begin(t, w.config(ledger))
		pass(time.Hour)
		if o := w.outcome(t, event); o.Ending != fsm.Superseded || o.AwaitsRetry() {
			t.Errorf("what was asked for ended as %+v", o)
		}
		expectStory(t, w, "follower a 6/1")
	})
}

// TestNotifier_ALeaderTriesAgainWhatItsPredecessorGaveUp: the duty to run the
// event as leader is open again, and is with whoever leads now.
func TestNotifier_ALeaderTriesAgainWhatItsPredecessorGaveUp(t *testing.T) {
	bubble(t, "take over", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		p := begin(t, w.config(notify.NewMemoryLedger()))
		event := w.decide(t, "a", "other")
		w.do(t, fsm.RecordOutcome{Outcome: fsm.Outcome{Event: event, Node: "other", Role: fsm.Leader, Ending: fsm.GaveUp, Attempt: 3, Time: time.Now()}})
		pass(time.Second)
		w.lead(true)
		p.LeadershipChanged()
		pass(time.Hour)
		expectStory(t, w, "follower a 6/1")
		w.do(t, fsm.RetryNotification{Event: event, Node: "other"})
		pass(time.Minute)
		synctest.Wait()
		expectStory(t, w, "follower a 6/1", "leader a 6/2")
	})
}
