package server

import (
	"cmp"
	"slices"

	"tocsin/api"
	"tocsin/fsm"
)

// What a stream tells: everything that was decided, written or reported, out of
// the state and in the order of the raft indexes. No stream keeps a queue of its
// own: how far it has come is a number.

// The kinds of message of a stream.
const (
	feedState    = "state"    // an endpoint has changed its state: an Event
	feedEndpoint = "endpoint" // an endpoint was added, or its value, settings or labels changed: an Endpoint
	feedDeleted  = "deleted"  // an endpoint was deleted: a FeedDeletion
	feedOutcome  = "outcome"  // a node has ended a notification: an fsm.Outcome
	feedResync   = "resync"   // something may have been missed: a FeedResync
)

// message is one of a stream. What it holds is made when it is sent.
type message struct {
	index uint64
	kind  string
	data  func() any
}

// feed returns what has happened after since, as view knows it, in order: each
// change of state and each outcome; of an endpoint that was written several times
// only what it is now. Where that may not be all, what is known is followed by a
// resync: it is the last, so that a reader who is cut off before it hears of it
// again.
func feed(view *fsm.View, since uint64) []message {
	if since == view.Index() {
		return nil
	}
	deletions, known := view.DeletionsAfter(since)
	reports, reported := view.ReportsAfter(since)
	changes := view.ChangesSince(since)
	forgotten, missed := since < view.LastForgotten(), ""
	switch {
	case forgotten:
		missed = "the events after the id are kept no more"
	case since < view.SettingsIndex():
		missed = "the settings of the cluster were changed, which hold for all endpoints"
	case !known, !reported, changes.Everything:
		missed = "this node can't tell any more all that has happened since the id"
	}
	var all []message
	if !forgotten {
		all = append(all, states(view, since)...)
		if reported {
			for index, o := range reports {
				all = append(all, message{index, feedOutcome, func() any { return readableOutcome(o) }})
			}
		}
	}
	if missed != "" { // the reader will read the endpoints anew
		return append(inOrder(all), resync(view, missed, forgotten))
	}
	for index, key := range deletions {
		all = append(all, message{index, feedDeleted, func() any { return api.FeedDeletion{Key: key, Index: index} }})
	}
	for _, e := range changes.Modified {
		if e.Configured > since {
			all = append(all, message{e.Configured, feedEndpoint, func() any { return endpointOf(view, e) }})
		}
	}
	return inOrder(all)
}

// states tells the changes of state after since.
func states(view *fsm.View, since uint64) (all []message) {
	for e := range view.EventsAfter(since) {
		all = append(all, message{e.ID, feedState, func() any { return eventOf(view, e) }})
	}
	return all
}

// resync tells that something may be missing up to view.
func resync(view *fsm.View, why string, events bool) message {
	return message{view.Index(), feedResync, func() any { return api.FeedResync{Reason: why, Events: events} }}
}

func inOrder(all []message) []message {
	slices.SortStableFunc(all, func(a, b message) int { return cmp.Compare(a.index, b.index) })
	return all
}
