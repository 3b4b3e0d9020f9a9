package doubt

import "time"

// latch is a doubt that takes its time to begin and to end, so that what comes
// and goes does not flap. The zero latch is off.
type latch struct {
	on    bool
	since time.Time // from when on it has been asked to turn; zero if it is not
}

// after returns the latch at now: turned on when bad has held for begin without
// a break, and off when good has held for end. While neither holds it stays.
func (l latch) after(now time.Time, bad, good bool, begin, end time.Duration) latch {
	asked, hold := bad, begin
	if l.on {
		asked, hold = good, end
	}
	switch {
	case !asked:
		l.since = time.Time{}
		return l
	case l.since.IsZero():
		l.since = now
	}
	if now.Sub(l.since) >= hold {
		return latch{on: !l.on}
	}
	return l
}
