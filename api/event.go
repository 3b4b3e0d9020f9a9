package api

import "tocsin/fsm"

// FeedDeletion is the data of the message "deleted".
type FeedDeletion struct {
	Key   string `json:"key"`
	Index uint64 `json:"index"`
}

// FeedResync is the data of the message "resync": read what you hold anew.
type FeedResync struct {
	Reason string `json:"reason"`
	// Events says that changes of state may be missing, too, and not only what
	// became of the endpoints or of notifications.
	Events bool `json:"events"`
}

// Events is the answer of GET /v1/events, newest last.
type Events struct {
	Events []Event `json:"events"`
	// More says that the limit cut the answer short: ask again with after set
	// to the id of the last event here (or, without after, raise the limit).
	More bool `json:"more"`
	// FirstKept is the id of the oldest event that is still kept: whoever asks
	// for what came after an older id may have missed some.
	FirstKept uint64 `json:"first_kept"`
	// Last is the id of the newest event of all.
	Last uint64 `json:"last"`
}

// Event is a committed change of state with its evidence, and what became of
// its notifications, by node.
type Event struct {
	fsm.Event
	Tally    Tally                  `json:"tally"`
	Outcomes map[string]fsm.Outcome `json:"outcomes"`
}
