package consensus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/api"
	"tocsin/fsm"
)

// verifyTimeout bounds how long a leader waits for a majority to confirm it: as
// long as it takes a leader that is cut off to step down, and some more.
const verifyTimeout = 3 * time.Second

// CatchUp asks the leader how far it is, and waits until this node is as far.
func (m *Member) CatchUp(ctx context.Context, verified bool) error {
	index, err := m.leaderIndex(ctx, verified)
	if err != nil {
		return err
	}
	if err := m.config.Machine.Await(ctx, func(v *fsm.View) bool { return v.Index() >= index }); err != nil {
		return fmt.Errorf("%w (it has applied entry %d, and the leader entry %d)", api.ErrBehind, m.machine.View().Index(), index)
	}
	return nil
}

func (m *Member) leaderIndex(ctx context.Context, verified bool) (uint64, error) {
	if m.Leads() {
		index, err := m.IndexAsLeader(ctx, verified)
		if _, lost := errors.AsType[api.ErrNotLeader](err); lost {
			return 0, api.ErrNoLeader
		}
		return index, err
	}
	leader, known := m.Leader()
	if !known || leader.HTTP == "" || leader.Node == m.config.Node {
		return 0, api.ErrNoLeader
	}
	index, err := m.config.Peers.Index(ctx, leader.HTTP, verified)
	switch _, misdirected := errors.AsType[api.ErrNotLeader](err); {
	case err == nil:
		return index, nil
	case misdirected, errors.Is(err, api.ErrUnreachable) && ctx.Err() == nil:
		return 0, api.ErrNoLeader
	case errors.Is(err, api.ErrNoLeader), errors.Is(err, api.ErrBehind):
		return 0, err
	}
	return 0, fmt.Errorf("%w (%w)", api.ErrBehind, err)
}

// IndexAsLeader returns how far this node is, if it leads. Every write that was
// acknowledged before the call is at or below the index it returns, if the lead is verified: a
// write is acknowledged when its leader has applied it, an earlier leader's was
// applied here before this term's work began, and a later leader's can't be
// there while a majority still follows this one.
func (m *Member) IndexAsLeader(ctx context.Context, verified bool) (uint64, error) {
	if !m.Leads() {
		return 0, m.NotLeader()
	}
	if !verified {
		return m.machine.View().Index(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, verifyTimeout)
	defer cancel()
	term := m.raft.CurrentTerm()
	if m.established.Load() != term {
		// What earlier leaders have committed may not be applied here yet.
		if err := m.barrier(ctx); err != nil {
			return 0, m.unsure(ctx)
		}
	}
	if err := m.futures.await(ctx, m.raft.VerifyLeader()); err != nil {
		return 0, m.unsure(ctx)
	}
	if m.raft.CurrentTerm() != term {
		return 0, m.NotLeader() // the lead was lost and won again in between
	}
	return m.machine.View().Index(), nil
}

// unsure is the error of a leader that did not hear from a majority.
func (m *Member) unsure(ctx context.Context) error {
	if ctx.Err() != nil {
		return api.ErrBehind
	}
	return m.NotLeader()
}
