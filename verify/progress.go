package verify

import "time"

// Progress tells how well the checks keep up.
type Progress struct {
	// Watched is how many endpoints there are, Running how many checks are in
	// flight, stopping ones included.
	Watched, Running int
	// Waiting is how many checks are due and wait for others to end, because
	// MaxChecks, MaxConnections or MaxLines are in flight.
	Waiting int
	// Late is how many endpoints had their last check start late: by more than
	// a tenth of the interval, and more than 100ms.
	Late int
	// Stuck is how many checks are long past their timeout and have not
	// returned, like a script that hangs in the kernel on a dead disk, those of
	// endpoints changed or deleted since among them. Each takes one of the
	// places there are for its kind until it does, and its endpoint is not
	// checked.
	Stuck int
	// Open is how many endpoints have no verdict yet because too few checks
	// were made of them: since they were added or changed, or since the last
	// renewal.
	Open int
	// Renewals is how many calls of Renew have been heeded.
	Renewals uint64
	// Lateness is for how long the most overdue check has been due without
	// having been started. It grows when there are too few workers for the
	// checks, and also if the scheduler itself is stuck.
	Lateness time.Duration
	// LastCheck is when the newest sample came in, LastTurn when the scheduler
	// last did anything; zero if never. A node with few endpoints does nothing
	// most of the time: it is Lateness that tells a pause from a standstill.
	LastCheck, LastTurn time.Time
}

// schedule is what the scheduler publishes after each turn. It never changes.
type schedule struct {
	Progress
	// due is when the next check is due, or was; zero if there is none.
	due time.Time
}

// Progress tells how well the checks keep up. Before and after Run it is zero.
func (v *Verifier) Progress() Progress {
	s := v.progress.Load()
	p := s.Progress
	if !s.due.IsZero() {
		p.Lateness = max(0, time.Since(s.due))
	}
	return p
}
