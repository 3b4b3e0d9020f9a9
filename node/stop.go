package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"tocsin/fsm"
)

// Bounds of each step of stopping: a step that hangs does not keep the rest.
const (
	serveGrace   = 2 * time.Second
	leaveTimeout = 10 * time.Second
	// transferGrace covers the question who could take the lead.
	transferGrace = hearingTimeout + 3*time.Second
	gossipGrace   = time.Second
	// partGrace is more than any part takes: running scripts are ended within
	// their own grace, and requests are cut off.
	partGrace = 15 * time.Second
)

// Stop ends the node in the reverse order of its start and returns when all of
// it has ended: leave (with LeaveOnExit) or hand the lead over, refuse new
// requests, end all work, leave the gossip, shut raft down, close the stores.
// It may be called more than once, and after the node has ended by itself; ctx
// bounds the leaving, everything else has bounds of its own.
func (n *Node) Stop(ctx context.Context) error {
	var errs []error
	n.stop.Do(func() {
		alive := n.Err() == nil && !n.removed.Load()
		if alive && n.changeable.Load().LeaveOnExit {
			if err := n.leave(ctx, fsm.RemoveObserver{Node: n.cfg.Name}); err != nil {
				errs = append(errs, fmt.Errorf("leave the cluster: %w; take the node out through another one: tocsin cluster remove-peer %s", err, n.cfg.Name))
			}
		} else if alive && n.raft.Leads() {
			n.leadNoMore(ctx)
		}
		n.cancel(errStopped)
		<-n.done
		if err := n.gossip.Leave(gossipGrace); err != nil {
			// The others may be gone too. They find out by themselves.
			n.log.Debug("nobody was told that this node leaves the gossip", "err", err)
		}
		errs = append(errs, n.gossip.Shutdown(), n.closeRaft(), n.closeOutside())
	})
	return errors.Join(errs...)
}

// leave takes a node out of the observers. Only the leader can't be taken out
// while it leads: it hands the lead over first.
func (n *Node) leave(ctx context.Context, leaving fsm.RemoveObserver) error {
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	if n.machine.View().ObserverCount() <= 1 {
		return &fsm.Refusal{Code: fsm.Conflict, Message: "the last node can't leave its cluster: stop it and remove its data directory instead"}
	}
	if leaving.Node == n.cfg.Name && n.raft.Leads() {
		n.leadNoMore(ctx)
	}
	results, err := n.Propose(ctx, leaving)
	if err != nil {
		return err
	}
	if r := results[0].Refused; r != nil {
		return r
	}
	return nil
}

// leadNoMore transfers the lead to any other voter that can take it, so that nobody has
// to wait for an election. If none can, the others elect one by themselves.
func (n *Node) leadNoMore(ctx context.Context) {
	if _, err := n.transferLeadership(ctx, ""); err != nil {
		n.log.Debug("the lead could not be handed over", "err", err)
	}
}

func (n *Node) closeRaft() error {
	if n.raft == nil {
		return nil
	}
	return n.raft.Close()
}

// settle waits for the parts of a group, and for no longer than partGrace after
// they were told to end: one that waits for a disk that hangs may never do so.
func settle(group *errgroup.Group, told context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- group.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-told.Done():
	}
	grace := time.NewTimer(partGrace)
	defer grace.Stop()
	select {
	case err := <-ended:
		return err
	case <-grace.C:
	}
	// Why they were told to is what matters, if it is not that all is to stop.
	if cause := context.Cause(told); !errors.Is(cause, errStopped) {
		return cause
	}
	return fmt.Errorf("not all of the node has ended within %v after it was told to", partGrace)
}

// both joins two errors, of which the second may be the first once more.
func both(first, second error) error {
	if errors.Is(first, second) {
		return first
	}
	return errors.Join(first, second)
}

func (n *Node) closeOutside() error {
	if n.out.Close == nil {
		return nil
	}
	return n.out.Close()
}
