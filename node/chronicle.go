package node

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"tocsin/fsm"
	"tocsin/quorum"
)

const (
	// toldEach is how many events have a line of their own within toldWithin; the
	// others have one together.
	toldEach   = 20
	toldWithin = time.Second
)

// chronicle tells the log of a node which events are committed, in the same words
// on every node. It belongs to one goroutine.
type chronicle struct {
	log   *slog.Logger
	told  uint64     // the id of the last event that was taken in
	lines int        // in this stretch
	more  int        // events of it that had no line of their own
	last  *fsm.Event // of these
}

// tellEvents tells of the events behind after, until ctx ends.
func (n *Node) tellEvents(ctx context.Context, after uint64) error {
	c := chronicle{log: n.log, told: after}
	var over <-chan time.Time // the end of a stretch in which something was told
	for {
		view := n.machine.View()
		if c.take(view) && over == nil {
			over = time.After(toldWithin)
		}
		select {
		case <-view.Superseded():
		case <-over:
			c.settle()
			over = nil
		case <-ctx.Done():
			c.settle()
			return nil
		}
	}
}

// take tells of what is new in view, and reports whether there was anything.
func (c *chronicle) take(view *fsm.View) (anything bool) {
	for e := range view.EventsAfter(c.told) {
		c.told = e.ID
		anything = true
		if c.lines == toldEach {
			c.more, c.last = c.more+1, e
			continue
		}
		c.lines++
		up, down, unknown := fsm.Tally(e.Votes)
		c.log.Info("endpoint changed state",
			"key", e.Key, "from", e.From, "to", e.To, "event", e.ID, "baseline", e.Baseline, "reason", firstReason(e),
			"votes_up", up, "votes_down", down, "votes_unknown", unknown, "quorum", e.Quorum,
			"leader", e.Leader, "term", e.Term, "evidence", quorum.Evidence(e))
	}
	return anything
}

// settle ends a stretch with a line for all that had none.
func (c *chronicle) settle() {
	if c.more > 0 {
		c.log.Info("more endpoints changed state", "events", c.more, "event", c.last.ID, "leader", c.last.Leader)
	}
	c.lines, c.more, c.last = 0, 0, nil
}

// firstReason is the first one that somebody gave who voted for the new state.
func firstReason(e *fsm.Event) string {
	for _, v := range e.Votes {
		if v.Verdict == e.To && v.Reason != "" {
			return fmt.Sprintf("%s: %s", v.Node, v.Reason)
		}
	}
	return ""
}
