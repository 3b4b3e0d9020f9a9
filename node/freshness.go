package node

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

// Blank implements api.Freshness. Until there is a leader, who alone can say how
// much of the log on the disk is committed, a member knows no more than its newest
// snapshot, and then it goes through that log: it knows what was acknowledged before
// its start when it has come to the registration of its own process. If no leader is
// found the snapshot has to do, if there is one.
func (n *Node) Blank() bool {
	if n.out.Identity.Cluster == "" || n.registered() != nil || n.removed.Load() {
		return false
	}
	_, led := n.Leader()
	return led || n.machine.View().ClusterID() == "" || time.Since(n.started) < api.StartingTime
}

// CatchUp implements api.Freshness: it asks the leader how far it is, and waits
// until this node is as far.
func (n *Node) CatchUp(ctx context.Context, verified bool) error {
	index, err := n.leaderIndex(ctx, verified)
	if err != nil {
		return err
	}
	if err := n.awaitView(ctx, func(v *fsm.View) bool { return v.Index() >= index }); err != nil {
		return fmt.Errorf("%w (it has applied entry %d, and the leader entry %d)", api.ErrBehind, n.machine.View().Index(), index)
	}
	return nil
}

func (n *Node) leaderIndex(ctx context.Context, verified bool) (uint64, error) {
	if n.leads() {
		index, err := n.IndexAsLeader(ctx, verified)
		if _, lost := errors.AsType[api.ErrNotLeader](err); lost {
			return 0, api.ErrNoLeader
		}
		return index, err
	}
	leader, known := n.Leader()
	if !known || leader.HTTP == "" || leader.Node == n.cfg.Name {
		return 0, api.ErrNoLeader
	}
	index, err := n.out.Peers.Index(ctx, leader.HTTP, verified)
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

// IndexAsLeader implements api.Peer. Every write that was acknowledged before
// the call is at or below the index it returns, if the lead is verified: a
// write is acknowledged when its leader has applied it, an earlier leader's was
// applied here before this term's work began, and a later leader's can't be
// there while a majority still follows this one.
func (n *Node) IndexAsLeader(ctx context.Context, verified bool) (uint64, error) {
	if !n.leads() {
		return 0, n.notLeader()
	}
	if !verified {
		return n.machine.View().Index(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, verifyTimeout)
	defer cancel()
	term := n.raft.CurrentTerm()
	if n.established.Load() != term {
		// What earlier leaders have committed may not be applied here yet.
		if err := n.barrier(ctx); err != nil {
			return 0, n.unsure(ctx)
		}
	}
	if err := n.futures.await(ctx, n.raft.VerifyLeader()); err != nil {
		return 0, n.unsure(ctx)
	}
	if n.raft.CurrentTerm() != term {
		return 0, n.notLeader() // the lead was lost and won again in between
	}
	return n.machine.View().Index(), nil
}

// unsure is the error of a leader that did not hear from a majority.
func (n *Node) unsure(ctx context.Context) error {
	if ctx.Err() != nil {
		return api.ErrBehind
	}
	return n.notLeader()
}
