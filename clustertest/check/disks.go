package check

import (
	"slices"
	"time"
)

// settling is how long after the end of a run a death still counts as in the
// middle of it: the ledger had not yet taken note.
const settling = 50 * time.Millisecond

// retrying is how long a ledger may wait, after its disk is well again, until it
// is written.
const retrying = 35 * time.Second

// cutShort reports whether a run was cut short as far as its node can know
// afterwards: by a death in the middle of it, or before the ledger held how it
// ended.
func (h *History) cutShort(r Run) bool {
	return r.Cut || r.End == 0 || h.diedAfter(r.Node, r.Life, r.End, h.unwritten(r.Node, r.End)) || h.stoppedIll(r)
}

// unwritten returns for how long after a moment the ledger of a node may not have
// held what had happened by then: longer than usual while the disk is ill.
func (h *History) unwritten(node string, at time.Duration) time.Duration {
	longest := settling
	for _, i := range h.Ill {
		if i.Node != node || i.From > at+settling {
			continue
		}
		if i.To == Forever {
			return Forever - at
		}
		longest = max(longest, i.To+retrying-at)
	}
	return longest
}

// stoppedIll reports whether a run ended while its process was being stopped and
// its disk was ill: what could not be written by then is not known afterwards.
func (h *History) stoppedIll(r Run) bool {
	ended := slices.ContainsFunc(h.lives(r.Node), func(l Life) bool { return l.Number == r.Life && l.To != 0 && l.To <= r.End })
	return ended && slices.ContainsFunc(h.Ill, func(i Ill) bool {
		return i.Node == r.Node && i.From <= r.End+settling && r.End <= i.To
	})
}
