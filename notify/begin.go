package notify

import (
	"fmt"

	"tocsin/fsm"
)

// Policy says what to do about events that passed this node by.
type Policy string

// The two policies.
const (
	// Current notifies what is so now: one run for each endpoint whose state
	// is not what this node acted on last. It is the default.
	Current Policy = "current"
	// Skip notifies nothing of it, and goes on with what comes.
	Skip Policy = "skip"
)

// String returns the word.
func (p Policy) String() string { return string(p) }

// MarshalText returns the word.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p), nil }

// UnmarshalText reads one of the two words.
func (p *Policy) UnmarshalText(text []byte) error {
	if word := Policy(text); word == Current || word == Skip {
		*p = word
		return nil
	}
	return fmt.Errorf("%.80q is neither current nor skip", text)
}

// condition is what a ledger is found to be at the start.
type condition uint8

const (
	upToDate  condition = iota
	unwritten           // new, like the node
	lost                // new, unlike the node
	suspect             // perhaps an older copy of what it was
	outdated            // surely one
	foreign             // of the time before the node was taken out of the cluster
)

func (c condition) String() string {
	return [...]string{"up to date", "new", "lost", "perhaps an older copy", "an older copy", "of an earlier membership"}[c]
}

// conditionOf tells what a ledger with that cursor, written last in that epoch,
// is. The proof of an older copy is an outcome that this node has reported of an
// event which its ledger does not know: whatever is reported was in the ledger
// before. And each process writes its ledger before it runs anything, so if the
// process before did not write it, it is an older copy, unless that process
// never came so far.
func conditionOf(c Config, view *fsm.View, cursor, epoch uint64) condition {
	self, known := view.Observer(c.Node)
	switch {
	case cursor == 0 && known && self.Joined < c.Start && c.Returning:
		return lost
	case cursor == 0:
		return unwritten
	case known && cursor < self.Joined:
		return foreign
	}
	for e := range view.EventsAfter(cursor) {
		if _, ended := view.Outcome(e.ID, c.Node); ended {
			return outdated
		}
	}
	if known && epoch < self.Previous && epoch < c.Start {
		return suspect
	}
	return upToDate
}

// begin finds the place in the events where this process begins.
func (o *owner) begin(view *fsm.View, epoch uint64) {
	o.pending.urgent = true // where this process began must be known
	self, known := view.Observer(o.config.Node)
	found := conditionOf(o.config, view, o.cursor, epoch)
	switch found {
	case upToDate:
		return
	case unwritten:
		o.cursor, o.origin = o.config.Start, o.config.Start
		if known && self.Joined < o.config.Start {
			o.log.Warn("the disk is new but the node's name is not: it begins at the newest event, as a new node does", "cursor", o.cursor)
		}
		return
	case foreign:
		// What happened between the two memberships was none of its business.
		o.leave(view, o.cursor, self.Joined, "this node was no member when its turn came")
	case lost:
		o.cursor, o.origin = self.Joined, self.Joined
		fallthrough
	case suspect, outdated:
		if found == outdated {
			o.calm()
		}
		o.gaps++
		o.doubt = true
		if o.config.Missed == Skip && found != suspect {
			o.leave(view, o.cursor, max(view.LastEvent(), o.config.Start), fmt.Sprintf("the ledger was %v, and missed notifications are skipped", found))
		}
	}
	o.log.Error("the notifier's ledger can't tell all that this node has done", "ledger", found.String(), "policy", o.config.Missed, "cursor", o.cursor)
}

// calm takes back that runs were cut short: that was so when the copy was made,
// and they may long have come to their ends. What is the newest of its endpoint
// is run again all the same.
func (o *owner) calm() {
	for _, n := range o.open {
		n.phase, n.Stage = waiting, Waiting
		o.pending.entry(n)
		o.show(n)
	}
}

// leave passes over all events up to one, with an outcome that says so for each
// that is behind from and has none.
func (o *owner) leave(view *fsm.View, from, to uint64, why string) {
	gone := func(e *fsm.Event) {
		if _, ended := view.Outcome(e.ID, o.config.Node); ended || e.Baseline {
			return
		}
		outcome := fsm.Outcome{Event: e.ID, Node: o.config.Node, Role: o.role(), Ending: fsm.Gap, ExitCode: -1, Problem: why, Time: o.now}
		o.outbox.put(outcome)
		o.pending.outcome(outcome)
		o.missed++
	}
	for id, n := range o.open {
		o.remove(n)
		if e, kept := view.Event(id); kept && id <= from {
			gone(e)
		}
	}
	for e := range view.EventsAfter(from) {
		if e.ID > to {
			break
		}
		gone(e)
	}
	for key := range o.acted {
		delete(o.acted, key)
		o.pending.notDid(key, o.now)
	}
	o.cursor, o.origin = to, to
}
