package stream

import "sync/atomic"

// Stats tells what a Room's scripts have done. What is counted is counted since
// New.
type Stats struct {
	// Running is how many processes run now, those that take their leave included.
	Running int64
	// Starts is how many were started, Failures how many of them ended, or were
	// ended, though nobody had let go of them.
	Starts, Failures uint64
	// Late is how many answers came after the deadline of their check, Refused how
	// many lines answered nothing.
	Late, Refused uint64
}

// counts is Stats as they are counted, by all speakers at once.
type counts struct {
	running                         atomic.Int64
	starts, failures, late, refused atomic.Uint64
}

// Stats tells what the scripts have done so far.
func (r *Room) Stats() Stats {
	c := &r.counts
	return Stats{c.running.Load(), c.starts.Load(), c.failures.Load(), c.late.Load(), c.refused.Load()}
}

// heard counts a line of a script.
func (c *counts) heard(l line) {
	switch l {
	case late:
		c.late.Add(1)
	case stray:
		c.refused.Add(1)
	case answer:
	}
}
