package fsm

import (
	"errors"
	"fmt"
	"strings"
	"time"

	iradix "github.com/hashicorp/go-immutable-radix/v2"
)

// A notification that was given up was not told to its machine, and asks for
// somebody's attention: to run it again, or to say that it has been seen to.
// Both are written to its outcome, so that a node that is away finds it there
// when it is back, and every node can show it.

// RetryNotification has the notification of an event run again where it was
// given up: on that node, or on each where it was if Node is "". Only the newest
// event of an endpoint can be: its machine may know a newer one otherwise. If it
// was given up as leader, the node that leads by then may run it as leader too.
type RetryNotification struct {
	Event uint64 `json:"event"`
	Node  string `json:"node,omitempty"`
}

// AckNotification says that somebody has seen to a notification that was given
// up, on that node, or on each where it was if Node is "".
type AckNotification struct {
	Event uint64 `json:"event"`
	Node  string `json:"node,omitempty"`
	Ack   Ack    `json:"ack"`
}

func (RetryNotification) command() {}
func (AckNotification) command()   {}

// Ack says who has seen to a notification that was given up.
type Ack struct {
	By  string `json:"by"`
	Why string `json:"why,omitempty"`
	// Time is when, by the wall clock of the node that was told: for people.
	Time time.Time `json:"time"`
}

// The limits of an Ack, in bytes.
const (
	maxAckBy  = 128
	maxAckWhy = 1024
)

// AwaitsRetry reports whether somebody has asked for the notification to be run
// again, and the node has not said yet how that ended.
func (o *Outcome) AwaitsRetry() bool { return o.Ending == GaveUp && o.RetryAsked > o.Retry }

// unattended reports whether o asks for somebody's attention, as long as there
// is no newer event of the endpoint.
func (o *Outcome) unattended() bool { return o.Ending == GaveUp && o.Ack == nil && !o.AwaitsRetry() }

// AwaitingRetry yields the outcomes of notifications that are to be run again,
// in the order of their events.
func (v *View) AwaitingRetry() func(yield func(*Outcome) bool) { return values(v.retries, nil) }

// Unattended yields the outcomes of notifications that were given up and that
// nobody has seen to, in the order of their events. One behind which there is a
// newer event of the endpoint is not among them.
func (v *View) Unattended() func(yield func(*Outcome) bool) { return values(v.unattended, nil) }

// UnattendedCount returns how many Unattended yields.
func (v *View) UnattendedCount() int { return v.unattended.Len() }

// keepOutcome puts o in the place of the outcome of the same event on the same
// node, and into all that is derived from it.
func (b *builder) keepOutcome(event *Event, o *Outcome) {
	at := outcomeKey(o.Event, o.Node)
	b.outcomes.Insert(at, o)
	b.noteReport(o)
	place(b.retries, at, o, o.AwaitsRetry())
	newest := b.newestOf(event)
	place(b.unattended, at, o, newest && o.unattended())
	switch settled := settledIn(b.outcomes.Root(), o.Event); {
	case !newest || event.Baseline:
	case settled:
		b.awaiting.Delete([]byte(event.Key))
	default:
		b.awaiting.Insert([]byte(event.Key), event.ID)
	}
}

// place has tree hold o if it is to, and not if it is not.
func place(tree *iradix.Txn[*Outcome], at []byte, o *Outcome, is bool) {
	if is {
		tree.Insert(at, o)
	} else {
		tree.Delete(at)
	}
}

// newestOf reports whether event is the newest of an endpoint that is there.
func (b *builder) newestOf(event *Event) bool {
	e, there := b.endpoints.Get([]byte(event.Key))
	return there && e.LastEvent == event.ID
}

// attendedTo takes from what asks for attention all about an event that is the
// newest of its endpoint no more.
func (b *builder) attendedTo(event uint64) {
	for _, at := range keysUnder(b.unattended, numberKey(event)) {
		b.unattended.Delete(at)
	}
}

func (b *builder) retry(c RetryNotification) (nodes []string, refused *Refusal) {
	event, given, refused := b.givenUp(c.Event, c.Node)
	if refused != nil {
		return nil, refused
	}
	e, there := b.endpoints.Get([]byte(event.Key))
	switch {
	case !there, e.Generation != event.Generation:
		return nil, refuse(Conflict, "the endpoint %q of event %d was deleted: there is nothing to tell of it any more", event.Key, event.ID)
	case e.LastEvent != event.ID:
		return nil, refuse(Conflict, "event %d of %q is followed by event %d, and notifications of an endpoint are never run out of order: retry event %d if that was given up too", event.ID, event.Key, e.LastEvent, e.LastEvent)
	}
	for _, o := range given {
		observer, member := b.observers.Get([]byte(o.Node))
		if !member || observer.Joined > event.ID {
			if c.Node != "" {
				return nil, refuse(Conflict, "node %q is no member any more, or only since after event %d: nobody would run it", o.Node, event.ID)
			}
			continue
		}
		if o.AwaitsRetry() {
			continue // asked again, or twice
		}
		asked := *o
		asked.RetryAsked, asked.Ack = b.index, nil
		b.keepOutcome(event, &asked)
		nodes = append(nodes, o.Node)
	}
	return nodes, nil
}

func (b *builder) ack(c AckNotification) (nodes []string, refused *Refusal) {
	event, given, refused := b.givenUp(c.Event, c.Node)
	if refused != nil {
		return nil, refused
	}
	c.Ack.Time = c.Ack.Time.UTC()
	for _, o := range given {
		if o.Ack != nil && o.Ack.By == c.Ack.By && o.Ack.Why == c.Ack.Why {
			continue
		}
		seen := *o
		seen.Ack = &c.Ack
		b.keepOutcome(event, &seen)
		nodes = append(nodes, o.Node)
	}
	return nodes, nil
}

// givenUp finds the outcomes of an event that were given up: that of node, or
// all if it is "".
func (b *builder) givenUp(id uint64, node string) (event *Event, given []*Outcome, refused *Refusal) {
	event, kept := b.events.Get(numberKey(id))
	if !kept {
		return nil, nil, refuse(NotFound, "there is no event %d, or it is kept no more: see \"tocsin events\"", id)
	}
	var stands []string
	b.outcomes.Root().WalkPrefix(numberKey(id), func(_ []byte, o *Outcome) bool {
		switch {
		case node != "" && o.Node != node:
		case o.Ending == GaveUp:
			given = append(given, o)
		default:
			stands = append(stands, fmt.Sprintf("%s on %s", o.Ending, o.Node))
		}
		return false
	})
	switch {
	case len(given) > 0:
		return event, given, nil
	case event.Baseline:
		return nil, nil, refuse(Conflict, "event %d is the first decision about %q, of which nobody is told: there is no notification", id, event.Key)
	case len(stands) > 0:
		return nil, nil, refuse(Conflict, "the notification of event %d was not given up: it is %s", id, strings.Join(stands, ", "))
	case node != "":
		return nil, nil, refuse(Conflict, "node %q has not said how the notification of event %d ended: it has yet to end, or that node was no member then", node, id)
	}
	return nil, nil, refuse(Conflict, "no node has said yet how the notification of event %d ended: there is nothing that was given up", id)
}

// keysUnder returns the keys below prefix. They are removed one by one: the
// tree's DeletePrefix miscounts what the same transaction has written.
func keysUnder[T any](txn *iradix.Txn[T], prefix []byte) (keys [][]byte) {
	txn.Root().WalkPrefix(prefix, func(key []byte, _ T) bool {
		keys = append(keys, key)
		return false
	})
	return keys
}

func validateRetry(event uint64, node string) error {
	if event == 0 {
		return errors.New("event 0: give the id of an event")
	}
	if node == "" {
		return nil
	}
	return ValidateNodeName(node)
}

func validateAck(c AckNotification) error {
	errs := []error{validateRetry(c.Event, c.Node), validateText("name in by", c.Ack.By, maxAckBy), validateText("text in why", c.Ack.Why, maxAckWhy), validateTime(c.Ack.Time)}
	if c.Ack.By == "" {
		errs = append(errs, errors.New("by is empty: say who has seen to it"))
	}
	return errors.Join(errs...)
}
