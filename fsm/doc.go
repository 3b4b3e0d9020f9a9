// Package fsm is the state that raft replicates: endpoints and what the cluster
// holds about them, events, observers, settings, and the outcomes of
// notifications. It knows neither network nor disk nor cluster; raft hands it
// committed entries and it answers with the next state.
//
// # How it is built
//
// A [View] is one immutable picture of everything. [Machine] holds the current
// one behind an atomic pointer: reading takes no lock, a snapshot takes no
// time, and whoever holds a View can look at it for as long as they like.
// Applying an entry is a pure function from View and entry to the next View
// (apply.go); the Machine is the thin shell that raft calls.
//
// # What always holds
//
//   - The same log gives the same View on every node: no clock, no random
//     number and no map order enters a decision. The one exception is
//     [Event.AppliedAt], a note of this node alone that is never replicated,
//     compared or written to a snapshot.
//   - An entry is applied whole before any reader sees any of it.
//   - A [Transition] is a compare-and-set: what no longer fits is refused, so
//     that proposing it twice does no harm.
//   - A [Condition] is compared where the entry is applied, so that of two
//     writers who have read the same one succeeds; a [DeclareEndpoints] finds
//     out there what it changes, and does all of it or nothing.
//   - The events of one generation alternate. At most one event is made by one
//     entry, so the index of the entry is the id of the event.
//   - An entry that takes a higher [Protocol] than some observer reads is passed
//     over by every node, unread. Any other that this build can't read stops the
//     Machine for good: skipping it would let this node's state part from that
//     of the others.
package fsm
