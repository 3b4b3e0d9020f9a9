package consensus

import "sync"

// transfers keeps a leader from asking raft twice in one term to hand the lead over
// to the same node, if the first time came to nothing. Raft may have left a request
// with whatever brings its log to that node; the next one would wait behind it, and
// for ever if the lead is lost meanwhile. Raft then takes a transfer for under way
// as long as the process lives, and as a leader again it would refuse all that is
// to be written. With a new term all of that begins afresh. Any goroutine may call.
type transfers struct {
	mu    sync.Mutex
	term  uint64
	tried map[string]bool
}

// begin notes that the lead is to be handed over to a node, and reports whether it
// may be.
func (t *transfers) begin(term uint64, to string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.triedLocked(term, to) {
		return false
	}
	t.tried[to] = true
	return true
}

// done notes that raft has ended a transfer well, or did not begin it.
func (t *transfers) done(to string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.tried, to)
}

// hasTried reports whether begin would refuse.
func (t *transfers) hasTried(term uint64, to string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.triedLocked(term, to)
}

func (t *transfers) triedLocked(term uint64, to string) bool {
	if t.tried == nil || term > t.term {
		t.term, t.tried = term, map[string]bool{}
	}
	return t.tried[to]
}
