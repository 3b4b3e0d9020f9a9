package verify

import "sync/atomic"

// renewals counts the calls of Renew, and wakes the scheduler.
type renewals struct {
	asked atomic.Uint64
	ready chan struct{} // never closed; one place: one renewal heeds all calls before it
}

// Renew makes the Verifier forget every verdict, stop every check in flight,
// whatever it would have said, and check all endpoints anew: it is for when
// time went by in which this process saw nothing. The verdicts are UNKNOWN
// until enough checks have been made again. It does not wait; the renewal is
// done when Progress.Renewals has reached the number it returns.
func (v *Verifier) Renew() uint64 {
	number := v.renewals.asked.Add(1)
	select {
	case v.renewals.ready <- struct{}{}:
	default:
	}
	return number
}

// renew does what Renew asks for.
func (s *scheduler) renew() {
	heeded := s.renewal.asked.Load()
	reset := slots{}
	for _, w := range s.watches {
		if w.endpoint != nil {
			s.records.reset(w.endpoint.Key)
			s.restart(w, reset)
		}
	}
	s.renewed = heeded
	s.cast(reset.votes())
}
