// Package doubt makes a node that should not trust itself abstain: it goes on
// to send ballots, as a sign of life, but votes UNKNOWN for everything and says
// why. It recovers by itself.
//
// # Reasons to doubt
//
//	stood still    the process or the machine was stopped, asleep or starved: what
//	               it saw before says nothing about now. Until every endpoint was
//	               checked anew.
//	no canary      none of the addresses that must be reachable from here (--canary)
//	               answers: whatever seems down may be this node's own network.
//	cut off        it hears fewer than half of the observers and one: no decision can
//	               be made where it is.
//	late           its checks start so late that its verdicts are not of now.
//
// Who abstains still counts in N: an abstention makes no quorum smaller, and
// where all nodes abstain nobody decides anything.
//
// # How it is built
//
// [State.After] decides: a pure function of the facts, with its own measures
// against flapping. [Doubter] is the shell: it gathers the facts twice a second
// and tells the ballots. [Pulse] finds out that this process stood still,
// [Canaries] asks the canaries, and [Guard] stands between the checks and the
// verdicts, for doubts that come before the abstention: a DOWN counts only when
// a canary has answered since the check began, and a check in the middle of
// which the node stood still says nothing.
//
// # Clocks
//
// All times are monotonic, with one exception. The monotonic clock stands still
// while the machine sleeps, so Pulse also looks how far the wall clock has come
// between two beats. Both are read on this node and never compared with
// another's. A wall clock that somebody puts forward looks like a sleep: then
// this node checks everything anew, which takes moments and changes no decision.
//
// Everything may be used from any goroutine, unless it says otherwise.
package doubt
