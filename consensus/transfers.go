package consensus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/raft"

	"tocsin/api"
	"tocsin/fsm"
)

// TransferLeadership gives the lead that this node has to the voter that choose
// returns, and waits until this node leads no more. While a transfer is under way
// raft takes nothing else. In one term none is begun to a node to which one came to
// nothing: choose is told which those are, and may take its time. What it refuses
// is returned, and so is ErrNotLeader if the lead is lost meanwhile.
func (m *Member) TransferLeadership(ctx context.Context, choose func(tried func(node string) bool) (api.Server, error)) error {
	term := m.raft.CurrentTerm()
	if !m.Leads() {
		return m.NotLeader()
	}
	to, err := choose(func(node string) bool { return m.transfers.hasTried(term, node) })
	if err != nil {
		return err
	}
	begun := m.transfers.begin(term, to.Node)
	switch {
	case m.raft.CurrentTerm() != term:
		return m.NotLeader() // the lead was lost, and may have been won again
	case !begun:
		return &fsm.Refusal{Code: fsm.Conflict, Message: fmt.Sprintf("the lead is being handed over to %s already: see who leads then, and ask again if need be", to.Node)}
	}
	err = m.futures.await(ctx, m.raft.LeadershipTransferToServer(raft.ServerID(to.Node), raft.ServerAddress(to.Address)))
	if leftNothing(err) {
		m.transfers.forget(term, to.Node)
	}
	return err // raft has none only once this node leads no more
}

// leftNothing reports whether a transfer that has ended so was done, or was never
// begun. In raft 1.8.0 these are all the errors from before it begins.
func leftNothing(err error) bool {
	return err == nil || errors.Is(err, raft.ErrLeadershipTransferInProgress) ||
		errors.Is(err, raft.ErrEnqueueTimeout) || errors.Is(err, raft.ErrNotLeader) ||
		strings.HasPrefix(err.Error(), "cannot find replication state for ") // raft has no other name for it
}

// transfers keeps a leader from asking raft twice in one term to transfer the lead
// to the same node, if the first time came to nothing. Raft may have left a request
// with whatever brings its log to that node; the next one would wait behind it, and
// for ever if the lead is lost meanwhile. Raft then takes a transfer for under way
// as long as the process lives, and as a leader again it would refuse all that is
// to be written. With a new term all of that begins afresh. Any goroutine may call.
//
// It is more careful than need be where raft had brought its log to the node, and
// the call that tells it to stand for election failed, or the election did: nothing
// is left behind then. But raft says only of the first which it was, and a node that
// can't be called is none to ask again.
type transfers struct {
	mu    sync.Mutex
	term  uint64 // the newest of which a transfer was begun
	tried map[string]bool
}

// begin notes that the lead of a term is to be transferred to a node, and reports
// whether it may be: once in a term, and not in one that is over.
func (t *transfers) begin(term uint64, to string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tried == nil || term > t.term {
		t.term, t.tried = term, map[string]bool{}
	}
	if term < t.term || t.tried[to] {
		return false
	}
	t.tried[to] = true
	return true
}

// forget takes back what was noted in a term: it may be tried again.
func (t *transfers) forget(term uint64, to string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if term == t.term {
		delete(t.tried, to)
	}
}

// hasTried reports whether a transfer to that node was begun in that term, and is
// not forgotten.
func (t *transfers) hasTried(term uint64, to string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return term == t.term && t.tried[to]
}
