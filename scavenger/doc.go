// Package scavenger removes from this node's memory what has gone stale: the
// samples of endpoints that were deleted, the ballots of nodes that observe no
// more, and the ballots of observers that have been silent for long.
//
// Nothing of that counts in any decision, with or without a scavenger; what it
// keeps small is memory, packets, and what people have to read. It touches
// nothing that is replicated, and never this node's own ballots.
//
// [Stale] says what is to go, as a pure function of state, ballots and time.
// [Scavenger] does it: soon after something was deleted, and whenever it is
// asked to sweep. What holds:
//
//   - What this node does not know yet is not stale: a ballot that names a
//     later state than ours may be of an observer whose registration is still
//     on its way.
//   - A ballot that came in after the decision to remove its predecessor
//     stays, and so do samples of an endpoint that was added again.
//
// All functions may be called from any goroutine.
package scavenger
