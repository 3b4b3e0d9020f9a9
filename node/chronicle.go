package node

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"tocsin/fsm"
)

const (
	// toldEach is how many events have a line of their own within toldWithin; the
	// others have one together.
	toldEach   = 20
	toldWithin = time.Second
)

// chronicle tells the log of a node which events are committed, though another one
// has decided them. It belongs to one goroutine.
type chronicle struct {
	log   *slog.Logger
	node  string
	told  uint64     // the id of the last event that was taken in
	lines int        // in this stretch
	more  int        // events of it that had no line of their own
	last  *fsm.Event // of these
}

// tellEvents tells of the events behind after, until ctx ends.
func (n *Node) tellEvents(ctx context.Context, after uint64) error {
	c := chronicle{log: n.log, node: n.cfg.Name, told: after}
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

// take tells of what is new in view, and reports whether there was anything. What
// this node has decided itself is told where that is done, with all the evidence.
func (c *chronicle) take(view *fsm.View) (anything bool) {
	for e := range view.EventsAfter(c.told) {
		c.told = e.ID
		if e.Leader == c.node && e.Manual == nil {
			continue
		}
		anything = true
		if c.lines == toldEach {
			c.more, c.last = c.more+1, e
			continue
		}
		c.lines++
		up, down, _ := fsm.Tally(e.Votes)
		c.log.Info("event committed", "key", e.Key, "from", e.From, "to", e.To, "event", e.ID, "baseline", e.Baseline,
			"leader", e.Leader, "votes_up", up, "votes_down", down, "reason", inShort(e))
	}
	return anything
}

// settle ends a stretch with a line for all that had none.
func (c *chronicle) settle() {
	if c.more > 0 {
		c.log.Info("more events committed", "events", c.more, "event", c.last.ID, "leader", c.last.Leader)
	}
	c.lines, c.more, c.last = 0, 0, nil
}

// inShort is the first reason that was given for an event.
func inShort(e *fsm.Event) string {
	if e.Manual != nil {
		return "by hand: " + e.Manual.Reason
	}
	for _, v := range e.Votes {
		if v.Verdict == e.To && v.Reason != "" {
			return fmt.Sprintf("%s: %s", v.Node, v.Reason)
		}
	}
	return ""
}
