package notify

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"tocsin/fsm"
)

// phase is where in its life a notification is; doc.go has the diagram.
type phase uint8

const (
	waiting     phase = iota // for its turn
	pausing                  // between two attempts, until its pause is over
	running                  // an attempt is under way
	interrupted              // an attempt was cut short by the end of the process
	ended                    // and no longer in its lane
)

func (p phase) String() string {
	return [...]string{"waiting", "pausing", "running", "interrupted", "ended"}[p]
}

// notification is one event on its way to a script. Its Entry is what the
// ledger holds, or will hold after the next write.
type notification struct {
	Entry
	phase phase
	// event is nil until the replicated state shows it, which after a start
	// may take a while.
	event *fsm.Event
	since time.Time // when this node got to know the event
	until time.Time // the end of the pause, when pausing
	last  *attempt  // the last one that ended in this process, nil if none
	// unstarted counts the attempts in this process that had no room to start.
	unstarted int

	places places
}

// places is where a notification stands in each queue, from 1; 0 is nowhere.
type places struct{ ready, pauses, ages int }

// newNotification returns the notification of an entry of the ledger.
func newNotification(e Entry) *notification {
	n := &notification{Entry: e}
	if e.Stage == Started {
		n.phase = interrupted
	}
	return n
}

// again says whether it is run because somebody has asked for it, after it was
// given up.
func (n *notification) again() bool { return n.Retry > 0 && !n.TakenOver }

// ranInThisPass says whether an attempt was started since the notification was
// taken in or, for one that was taken over or is to be run again, since then.
func (n *notification) ranInThisPass() bool { return n.Attempt > n.Before }

// limit is the number of the last attempt allowed, if each pass may have so
// many.
func (n *notification) limit(attempts int) int { return n.Before + attempts }

// situation is all that decides how a notification goes on, beside itself.
type situation struct {
	now      time.Time
	newer    uint64 // the newest event in the same lane, 0 if this is it
	acted    uint64 // a newer event that was acted on already, 0 if none
	gone     bool   // the endpoint was deleted, and perhaps added again
	lost     bool   // nothing is left of the event but its id
	leading  bool
	attempts int // allowed in one pass
}

// step is what is to be done next with a notification.
type step uint8

const (
	stay      step = iota // nothing
	start                 // run the script, when it is the first in its lane
	supersede             // end it without another attempt
	giveUp                // end it: the attempts are used up
	withdraw              // forget it: as if it had never been taken over
)

func (s step) String() string {
	return [...]string{"stay", "start", "supersede", "give up", "withdraw"}[s]
}

// next decides what is to be done with n, and says why it is to be ended. It
// changes nothing.
func (n *notification) next(s situation) (do step, why string) {
	cutShort := n.phase == interrupted
	switch {
	case n.phase == running, n.phase == ended, n.event == nil:
		return stay, ""
	case s.gone:
		return supersede, "the endpoint was deleted"
	case s.acted != 0:
		return supersede, fmt.Sprintf("superseded by event %d, which was acted on before: the ledger was behind", s.acted)
	case s.lost:
		return supersede, "the cluster no longer keeps the event, and there was a newer one"
	case cutShort && n.Attempt > n.limit(s.attempts):
		return giveUp, fmt.Sprintf("the node died in the middle of attempt %d, and %d are allowed: gave up", n.Attempt, n.limit(s.attempts))
	case cutShort:
		return start, ""
	case s.newer != 0:
		return supersede, fmt.Sprintf("superseded by event %d", s.newer)
	case n.TakenOver && !s.leading && n.ranInThisPass():
		return supersede, "this node leads no more: left to the next leader"
	case n.TakenOver && !s.leading:
		return withdraw, ""
	case n.ranInThisPass() && n.Attempt >= n.limit(s.attempts):
		return giveUp, fmt.Sprintf("attempt %d of %d: gave up", n.Attempt, n.limit(s.attempts))
	case n.phase == pausing && s.now.Before(n.until):
		return stay, ""
	}
	return start, ""
}

// lane holds the notifications of one endpoint that have not ended, in the
// order of their events.
type lane []*notification

// newerThan returns the id of the last event in l, 0 if that is n's own.
func (l lane) newerThan(n *notification) uint64 {
	if last := l[len(l)-1]; last != n {
		return last.Event
	}
	return 0
}

// after returns what comes next behind n, nil if it is the last.
func (l lane) after(n *notification) *notification {
	if i := slices.Index(l, n); i >= 0 && i+1 < len(l) {
		return l[i+1]
	}
	return nil
}

func (l lane) with(n *notification) lane {
	at, _ := slices.BinarySearchFunc(l, n.Event, func(m *notification, event uint64) int { return cmp.Compare(m.Event, event) })
	return slices.Insert(l, at, n)
}

func (l lane) without(n *notification) lane {
	return slices.DeleteFunc(l, func(m *notification) bool { return m == n })
}
