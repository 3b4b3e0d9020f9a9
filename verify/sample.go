package verify

import (
	"context"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// Sample is the result of one check.
type Sample struct {
	Status health.Status
	// Reason is why, in one line of valid UTF-8 of at most 256 bytes. It may
	// be empty.
	Reason string
	// TimedOut says that the check did not end before its deadline.
	TimedOut bool
	// Time is when the check started, by this node's clock.
	Time time.Time
	// Duration is how long the check took, Late how long after it was due it
	// started.
	Duration, Late time.Duration
	// Revision is the endpoint's when the check started: samples of an earlier
	// one are about another value or another check.
	Revision uint64
}

// Request is what a check is told.
type Request struct {
	Key, Value string
	Kind       fsm.Check
	// Script is the name of the script or plugin, for the kinds that run one.
	Script string
	// Timeout is the deadline of the check. TimeoutIs is what a script means
	// that misses it: UNKNOWN or DOWN.
	Timeout   time.Duration
	TimeoutIs health.Status
	// State is what the cluster holds about the endpoint.
	State      health.Status
	Node, Site string
	Revision   uint64
}

// Checker checks one endpoint once. Check is called from many goroutines at
// once, though never twice at once for one endpoint. It returns within
// r.Timeout and the moment it takes to clean up, and sooner when ctx ends: then
// nobody wants the sample any more. It sets Status, Reason and TimedOut; the
// Verifier fills in the rest.
type Checker interface {
	Check(ctx context.Context, r Request) Sample
}

// Vote is a verdict about the endpoint in a slot.
type Vote struct {
	Slot    uint32
	Verdict health.Status
	// Reason is that of the sample which settled the verdict, "" if none did.
	Reason string
}

// Verdicts takes in what this node holds. Cast says that votes, and all that
// was cast before for other slots, come from the endpoints as they were at the
// raft index given; votes may be empty, and then only the index has moved. No
// slot is in votes twice. Cast is called from one goroutine, which waits for
// it, so it has to be quick.
type Verdicts interface {
	Cast(index uint64, votes []Vote)
}
