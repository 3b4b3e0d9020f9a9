// Package notify delivers events to notification scripts on one node: in order,
// surviving crashes, and with an outcome for every event.
//
// It follows the replicated events with a cursor of its own. What is still to
// be done stands in a [Ledger] on this node's disk, so that a crash at any
// point loses nothing and repeats only what was in the middle. It decides no
// state, elects no leader and knows no network: [Config] names the few
// questions it asks.
//
// # The life of one notification
//
// Events of one endpoint share a lane. Only the first in a lane runs; lanes run
// side by side, at most [Config.MaxRunning] scripts at once.
//
//	        taken in                                the node died in the middle
//	           │                                                │
//	           ▼   first in its lane, a place is free           ▼
//	┌────── waiting ──────────────▶ running ◀────────────── interrupted
//	│          ▲                   │  │  │ │                    │
//	│          │ the pause is over │  │  │ └── exit 0 ──────────┼──▶ done
//	│          │                   │  │  │                      │
//	│          │     1, a signal,  │  │  └── exit 2 and above ──┤
//	│          │ a timeout, or no  │  │                         │
//	│          │ start at all      ▼  └── the same, and no ─────┼──▶ gave up
//	│          └─────────────── pausing   attempts are left     │
//	│                              │                            │
//	├──────────────────────────────┘ a newer event of the same  │
//	│                                endpoint                   │
//	└───────────────────────────────────────────────────────────┴──▶ superseded
//	                                 the endpoint was deleted
//
// A start that fails because the machine has no room for one more process
// pauses too, and uses up no attempt: nothing ran.
//
// done, gave up and superseded are the ends: the notification leaves the ledger
// and its outcome enters the outbox, in one write. What gave up begins anew as
// waiting when somebody asks for it. In the ledger there are only
// two words: started for running, and waiting for waiting and pausing. What is
// found started when the node starts was interrupted. It is run again even when
// there is a newer event, for nobody knows how far it came; and once beyond the
// allowed attempts, but no more often than that: a script that takes the node
// down with it must not do so for ever.
//
// # What always holds
//
//   - That an attempt was started is durable before its script runs. When the
//     ledger can't be written nothing is started, and [Status] says so. A start
//     that is taken back after a slow write (see owner.stillDue) stands as Started
//     on disk until the next write: after a crash in between it is run as one that
//     was cut short, though no script had run.
//   - In one lane attempts start in the order of events and never overlap.
//   - A notification is dropped only for a newer one that is in the ledger
//     already, or because its endpoint is gone. The newest is never dropped.
//   - Cursor and entries advance in one write: an event is either still ahead
//     of the cursor, or an entry, or it has ended.
//   - An outcome leaves the outbox only when the replicated state shows it, or
//     when the state no longer keeps its event.
//   - Of each endpoint the ledger remembers what was done last, and forgets it
//     with the endpoint.
//
// # Gaps
//
// The cluster keeps only so many events, and a node that was away for longer
// than that finds a gap behind its cursor. Events that are still kept take their
// usual way, and their scripts are told how many were missed before them. Of an
// endpoint whose newest event is itself forgotten only the record is left: if
// its state is not what the script was told last (or if that went wrong, or is
// not known), one notification is made up from the record and runs as that
// event; otherwise nothing has changed for whoever reads what the scripts write.
// That is no exception from the rule that only an event starts a notification:
// the event happened, and nobody was told here.
//
// A ledger can be lost, or replaced by an older copy. Both are found out at the
// start (see conditionOf), and logged as errors. Then the cursor goes back to
// where the node joined, or to what the copy says; what the replicated state
// shows as ended is passed by, older events behind a newer one that was acted on
// are superseded, and all else is notified. [Skip] has the notifier begin at the
// newest event instead, with the outcome "gap" for every event that is left.
//
// What can't be seen in an outcome, because the cluster keeps outcomes only of
// events that it keeps, is counted in [Status] and logged.
//
// # Run again because somebody asks
//
// What was given up can be asked for once more, by a command in the log: the
// outcome then says so (fsm.Outcome.AwaitsRetry), and the node takes the event in
// again as soon as it sees that, whenever it is back. Its attempts go on being
// counted, and as many are allowed as the first time. It keeps its place in the
// order of events: if there is a newer one it is superseded. Until a new outcome
// is reported the old one goes on asking, so that nothing is lost with a ledger;
// a new outcome names the request that it answers, so that none is run twice.
//
// # The leader's run
//
// A script is told whether this node leads, as it is when the attempt starts.
// An event waits for a run as leader until one has ended. A leader that finds
// one which nobody will finish takes it over and runs it here, though it ran as
// follower before: see claim.decide for exactly when.
//
// # Concurrency
//
// [Notifier.Run] owns all state in its one goroutine. Scripts run in bounded
// goroutines, a report in one; both answer by channels, and Run waits for all.
// The ledger is written by Run's goroutine, one write for all that happened in
// a turn, and no lock is held meanwhile. [Notifier.Status] and
// [Notifier.LeadershipChanged] may be called from any goroutine at any time.
package notify
