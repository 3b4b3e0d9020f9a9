// Package verify checks every endpoint on time, on this node, and makes
// verdicts out of what it sees.
//
// A [Verifier] follows the replicated state, runs a check of each endpoint
// whenever one is due, keeps the last samples for people to look at, and says
// each verdict to a [Verdicts] the moment it changes. What a check does is the
// business of a [Checker]; [Checks] is the real one, with a driver for scripts,
// Nagios plugins, scripts that stay (package stream), HTTP and TCP. What the verdicts of all nodes amount to is
// decided elsewhere.
//
// # How it is built
//
// One goroutine, the one that Run is called on, owns the schedule: a heap by
// due time and a record of each endpoint. It starts a goroutine for each check,
// never more of them at once than there is room for (room.go: scripts,
// connections and lines to scripts that stay have one each), and gets the samples back over a channel. What it
// wants others to see it publishes as immutable values, so readers never make it
// wait. The rules themselves are pure functions: when the next check is due
// (pace.go), what a sample does to a verdict (advance.go), what a script's
// output means (check_script.go).
//
// The life of an endpoint's check:
//
//	            due, there is room           sample
//	scheduled ───────────────────▶ in flight ───────▶ scheduled again
//	    │  due, no room               ▲     │
//	    └──────────▶ waiting ─────────┘     │ endpoint changed or deleted:
//	                 (oldest first)         ▼ context cancelled
//	                                    abandoned ──▶ scheduled, or forgotten
//	                                     (its sample is dropped)
//
// # What always holds
//
//   - There are never two checks of one endpoint at once, not even while the
//     check of an earlier revision is still being stopped.
//   - A check that takes longer than its interval delays the next one and
//     piles nothing up. Every delay can be seen, in [Sample.Late] and in
//     [Progress].
//   - A verdict is never said together with a raft index whose endpoints it
//     was not made from: the call that moves the index is the call that takes
//     back the verdicts which no longer count.
//   - A Checker that panics costs one UNKNOWN sample, not the node.
package verify
