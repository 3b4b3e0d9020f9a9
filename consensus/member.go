package consensus

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"golang.org/x/sync/errgroup"

	"tocsin/fsm"
	"tocsin/raftstore"
	"tocsin/raftwire"
)

// shutdownGrace bounds how long raft may take to end.
const shutdownGrace = 5 * time.Second

// Member is one node's part in the consensus. Its methods may be called from any
// goroutine.
type Member struct {
	config    Config
	log       *slog.Logger
	machine   *fsm.Machine
	transport *raftwire.Transport
	store     *raftstore.Guard // what raft writes to
	raft      *raft.Raft

	local, remote *proposals // writes committed here, or by the leader elsewhere

	leadCh        chan bool // raft tells of its lead here
	lead          *leadWord
	futures       *futures // what raft was asked for and has not answered
	leaderChanged signal
	transfers     transfers
	nudges        chan struct{} // cap 1: followers should hear of a commit
	established   atomic.Uint64 // the newest term in which all before it was applied here
	applying      applying
}

// New starts raft on what c offers. Until Run it neither hears others nor tells
// anybody who leads.
func New(c Config) (*Member, error) {
	m := &Member{
		config: c, log: c.Logger, machine: c.Machine,
		futures: newFutures(),
		leadCh:  make(chan bool, 8),
		lead:    newLeadWord(),
		nudges:  make(chan struct{}, 1),
	}
	m.local, m.remote = newProposals(c.Dialect, m.commitHere), newProposals(c.Dialect, m.commitThere)
	m.store = raftstore.NewGuard(raftstore.GuardConfig{
		Log: c.Outside.Log, Stable: c.Outside.Stable, Limit: c.WriteLimit,
		Wrote: c.Wrote, Logger: c.Logger,
	})
	var err error
	m.transport, err = raftwire.New(raftwire.Config{
		Inner: c.Outside.Transport, CalleeAt: c.Outside.CalleeAt, Node: c.Node, Process: c.Process,
		Cluster: c.Cluster, Member: c.Member, WhereIs: c.WhereIs, Logger: c.Logger,
	})
	if err == nil {
		m.raft, err = m.newRaft()
	}
	if err != nil {
		m.store.Release()
		return nil, err
	}
	return m, nil
}

// WatchStore returns why, when the disk is no more to be trusted, and else when ctx
// ends. It is called once, beside Run: whatever hangs on that disk keeps Run from
// returning.
func (m *Member) WatchStore(ctx context.Context) error { return m.store.Run(ctx) }

// Run takes part until ctx ends. It is called once.
func (m *Member) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, part := range []func(context.Context) error{
		m.transport.Run, m.drainLeads, m.announceLeader, m.followLead, m.local.run, m.remote.run,
	} {
		group.Go(func() error { return part(ctx) })
	}
	return group.Wait()
}

// Close shuts raft down, and ends what it asks of others at that moment: who
// does not answer would keep it for as long as a call may take. A write that
// hangs keeps raft from ending; then what is left of it ends with the process,
// and its store is closed all the same. It may be called again.
func (m *Member) Close() error {
	m.store.Release()
	ctx, cancel := context.WithTimeout(context.Background(), shutdownGrace)
	defer cancel()
	// Nobody reads it any more, and raft must not wait for us.
	go func() {
		for {
			select {
			case <-m.leadCh:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer m.futures.end()
	ended := m.raft.Shutdown()
	if m.config.Outside.HangUp != nil {
		m.config.Outside.HangUp()
	}
	if err := m.futures.await(ctx, ended); err != nil {
		return fmt.Errorf("shut raft down: %w", err)
	}
	return nil
}

// LeaderChanged returns a channel that is closed when the leader may have become
// another. Take it before looking who leads.
func (m *Member) LeaderChanged() <-chan struct{} { return m.leaderChanged.wait() }
