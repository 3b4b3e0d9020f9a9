// Package quorum decides whether an endpoint has changed, and, on the leader,
// proposes what was decided.
//
// # Who counts
//
// N is the number of registered observers, dead ones included: who is silent
// still counts in N. [Votes] makes one vote of each observer, out of the newest
// ballot that this node holds of it:
//
//	there is no ballot of it here            "no ballot"
//	an earlier process of it made it         "older process"
//	a process not yet known here made it     "newer process"
//	it has outlived its time                 "stale"
//	it was made before this term             "before the leader took office"
//	the leader's process stood still since   "before the leader stood still"
//	it knows a later state than this node    "ahead of this node"
//	it is from before the endpoint           "before the endpoint was added"
//	it is from before its present value      "before the value was changed"
//	none of these                            it counts: UP, DOWN or UNKNOWN
//
// An observer that doubts itself abstains: its ballot says UNKNOWN about
// everything, and why. It is still one of the N.
//
// # What is decided
//
// [Decide] is a pure function. UNKNOWN, excluded and missing votes count for
// neither side. A side needs the quorum, more than half of N whatever was
// asked for, and its voters must span enough sites; observers without a site
// share the site "".
//
//	    quorum of UP             quorum of DOWN
//	┌─────────────────── UNKNOWN ───────────────────┐
//	▼                 (the baseline)                ▼
//	UP ─── quorum of DOWN, no cooldown running ──▶ DOWN
//	   ◀── quorum of UP, no cooldown running ─────
//
// In every other case the state stays, and [Answer.Missing] says in words what
// a change would take. What always holds:
//
//   - At most one side has the quorum, and a minority never has it.
//   - UP and DOWN are treated alike, and so are all observers.
//   - A vote that does not count changes no decision.
//
// An endpoint is blind when fewer observers than a decision takes have a verdict
// that counts, on either side: see [Question.Blind], and [Sight] for how long.
//
// # Who proposes
//
// [Loop] is the leader's: it looks at an endpoint when a ballot, the
// replicated state or the end of a cooldown could change the answer, and at
// all of them on a sweep; in between it sleeps. What it decides it proposes
// as a compare-and-set, so that a doubtful proposal may be repeated.
//
// All functions may be called from any goroutine.
package quorum
