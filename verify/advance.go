package verify

import "tocsin/health"

// tracker turns the samples of one revision of an endpoint into a verdict. The
// zero tracker has seen nothing, and its verdict is UNKNOWN.
type tracker struct {
	verdict health.Status
	// settled is whether samples made the verdict: it tells an UNKNOWN that
	// was found from one of which nothing has been seen yet.
	settled bool
	// reason is that of the sample which settled the verdict.
	reason string

	// The newest samples are all equal to last, run of them.
	last health.Status
	run  int
}

// advance returns t after one more sample: rise UP in a row make the verdict
// UP, fall DOWN make it DOWN, and fall UNKNOWN make it UNKNOWN.
//
//	          rise × UP
//	UNKNOWN ────────────▶ UP
//	  │  ▲                │ ▲    from each to each: a row of equal samples,
//	  │  └────────────────┘ │    whatever was before
//	  │     fall × UNKNOWN  │ rise × UP
//	  └───────────────▶ DOWN
//	     fall × DOWN
func advance(t tracker, s Sample, rise, fall int) tracker {
	if s.Status != t.last {
		t.last, t.run = s.Status, 0
	}
	t.run++
	need := fall
	if s.Status == health.Up {
		need = rise
	}
	if t.run >= need && (!t.settled || t.verdict != s.Status) {
		t.verdict, t.settled, t.reason = s.Status, true, s.Reason
	}
	return t
}

// disagrees reports whether the newest sample is not what the verdict says, so
// that it is worth looking again soon.
func (t tracker) disagrees() bool { return t.run > 0 && t.last != t.verdict }

// tells reports whether t has something to say that before had not. A reason
// that merely reads differently is not news: it would make a ballot for every
// check of an endpoint that stays down.
func (t tracker) tells(before tracker) bool {
	return t.verdict != before.verdict || t.settled != before.settled
}
