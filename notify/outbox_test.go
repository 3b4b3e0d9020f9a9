package notify

import (
	"testing"
	"time"

	"tocsin/fsm"
)

func outboxOf(events int) outbox {
	b := newOutbox("n")
	for i := range events {
		b.put(fsm.Outcome{Event: uint64(i + 1), Node: "n", Attempt: 1})
	}
	return b
}

func eventsOf(letters []*letter) (events []uint64) {
	for _, l := range letters {
		events = append(events, l.outcome.Event)
	}
	return events
}

func TestOutbox_ReportsOldestFirst(t *testing.T) {
	b := outboxOf(100)
	b.put(fsm.Outcome{Event: 1, Node: "n", Attempt: 2}) // instead of the first
	first := b.take()
	if got := eventsOf(first); len(got) != maxReport || got[0] != 2 || got[maxReport-1] != maxReport+1 {
		t.Errorf("it takes %v", got)
	}
	b.failed(first)
	if again := eventsOf(b.take()); len(again) != maxReport || again[0] != 2 {
		t.Errorf("after a failure it takes %v", again)
	}
	rest := b.take()
	if got := eventsOf(rest); len(got) != 100-maxReport || got[len(got)-1] != 1 || rest[len(rest)-1].outcome.Attempt != 2 {
		t.Errorf("the rest is %v", got)
	}
}

// The state of this view has applied nothing: it shows nothing and has forgotten
// nothing.
func TestOutbox_ReportsAgainWhatIsNotShown(t *testing.T) {
	view, now := fsm.NewMachine().View(), time.Now()
	b := outboxOf(1)
	b.answered(b.take(), nil, now)
	for _, step := range []struct {
		passed time.Duration
		want   int
	}{{confirmWithin - 1, 0}, {confirmWithin, 1}} {
		b.settle(view, now.Add(step.passed))
		if got := len(b.take()); got != step.want {
			t.Errorf("after %v it takes %d", step.passed, got)
		}
	}
}

func TestOutbox_DropsWhatIsRefusedForGood(t *testing.T) {
	view, now := fsm.NewMachine().View(), time.Now()
	no := &fsm.Refusal{Code: fsm.NotFound, Message: "no"}
	tests := []struct {
		name    string
		answers []*fsm.Refusal
		dropped bool
	}{
		{"once", []*fsm.Refusal{no}, false},
		{"twice", []*fsm.Refusal{no, no}, false},
		{"not in a row", []*fsm.Refusal{no, no, nil, no, no}, false},
		{"three times", []*fsm.Refusal{no, no, no}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := outboxOf(2)
			var dropped []uint64
			for _, answer := range test.answers {
				letters := b.take()
				if len(letters) != 2 {
					t.Fatalf("it takes %v", eventsOf(letters))
				}
				dropped, _ = b.answered(letters, []*fsm.Refusal{nil, answer}, now)
				now = now.Add(confirmWithin)
				b.settle(view, now)
			}
			if (len(dropped) == 1 && dropped[0] == 2) != test.dropped || len(b.letters) != 2-len(dropped) {
				t.Errorf("it dropped %v and holds %d", dropped, len(b.letters))
			}
		})
	}
}

func BenchmarkOutbox_SettleLong(b *testing.B) {
	view, now := fsm.NewMachine().View(), time.Now()
	long := outboxOf(100_000)
	b.ReportAllocs()
	for b.Loop() {
		long.settle(view, now)
	}
}
