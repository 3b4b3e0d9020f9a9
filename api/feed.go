package api

import (
	"cmp"
	"slices"

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

// FeedDeletion is the data of the message "deleted".
type FeedDeletion struct {
	Key   string `json:"key"`
	Index uint64 `json:"index"`
}

// FeedResync is the data of the message "resync": read what you hold anew.
type FeedResync struct {
	Reason string `json:"reason"`
}

// message is one of a stream. What it holds is made when it is sent.
type message struct {
	index uint64
	kind  string
	data  func() any
}

// feed returns what has happened after since, as view knows it, in order: each
// change of state and each outcome; of an endpoint that was written several times
// only what it is now. Missed says why that may not be all; it is empty if it
// is.
func feed(view *fsm.View, since uint64) (all []message, missed string) {
	deletions, known := view.DeletionsAfter(since)
	reports, reported := view.ReportsAfter(since)
	changes := view.ChangesSince(since)
	switch {
	case since == view.Index():
		return nil, ""
	case since < view.LastForgotten():
		return nil, "the events after the id are kept no more"
	case since < view.SettingsIndex():
		return nil, "the settings of the cluster were changed, which hold for all endpoints"
	case !known, !reported, changes.Everything:
		return nil, "this node can't tell any more all that has happened since the id"
	}
	for index, key := range deletions {
		all = append(all, message{index, feedDeleted, func() any { return FeedDeletion{Key: key, Index: index} }})
	}
	for _, e := range changes.Modified {
		if e.Configured > since {
			all = append(all, message{e.Configured, feedEndpoint, func() any { return endpointOf(view, e) }})
		}
	}
	for e := range view.EventsAfter(since) {
		all = append(all, message{e.ID, feedState, func() any { return eventOf(view, e) }})
	}
	for index, o := range reports {
		all = append(all, message{index, feedOutcome, func() any { return readableOutcome(o) }})
	}
	slices.SortStableFunc(all, func(a, b message) int { return cmp.Compare(a.index, b.index) })
	return all, ""
}
