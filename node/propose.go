package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/api"
	"tocsin/fsm"
)

const (
	// proposeTimeout bounds one write, from the request to the answer.
	proposeTimeout = 8 * time.Second
	// enqueueTimeout bounds the wait for raft to take an entry.
	enqueueTimeout = 2 * time.Second
	// catchUpTimeout bounds how long an acknowledged write waits for this node
	// to have applied it too. The write is done in any case.
	catchUpTimeout = 2 * time.Second
	// newLeaderWait bounds the wait for the word that another node leads.
	newLeaderWait = 300 * time.Millisecond
	// leaderPatience bounds how long a write waits for a leader: as long as an
	// ordinary election takes, and some more.
	leaderPatience = 4 * time.Second
)

// Propose implements api.Writer. Any number of goroutines may call it. It
// returns when the commands are committed and this node has applied them, or
// with an error that says whether they may have been.
func (n *Node) Propose(ctx context.Context, commands ...fsm.Command) ([]fsm.Result, error) {
	began := time.Now()
	results, err := n.propose(ctx, commands)
	n.metrics.Writes.Done(time.Since(began), err)
	return results, err
}

func (n *Node) propose(ctx context.Context, commands []fsm.Command) ([]fsm.Result, error) {
	if n.removed.Load() {
		return nil, &fsm.Refusal{Code: fsm.Conflict, Message: "this node was taken out of the cluster: ask another one"}
	}
	ctx, cancel := context.WithTimeout(ctx, proposeTimeout)
	defer cancel()
	for patience := time.Now().Add(leaderPatience); time.Now().Before(patience); {
		leaderChanged := n.leaderChanged.wait()
		results, err := n.proposeOnce(ctx, commands)
		if err == nil {
			n.catchUp(ctx, lastIndex(results))
			return results, nil
		}
		if _, wrongDoor := errors.AsType[api.ErrNotLeader](err); !wrongDoor {
			return nil, err
		}
		// Nothing was done: whoever was asked has just lost the lead, or does
		// not have it yet.
		n.metrics.Writes.Retried()
		select {
		case <-leaderChanged:
		case <-time.After(newLeaderWait):
		case <-ctx.Done():
			return nil, api.ErrNoLeader
		}
	}
	return nil, api.ErrNoLeader
}

func (n *Node) proposeOnce(ctx context.Context, commands []fsm.Command) ([]fsm.Result, error) {
	var results []fsm.Result
	var err error
	if n.leads() {
		results, err = n.local.propose(ctx, commands)
	} else {
		results, err = n.remote.propose(ctx, commands)
	}
	return results, explained(err)
}

// errUnwritable says that commands can't be written as an entry.
var errUnwritable = errors.New("the command can't be written to the log")

// explained says of an error what is known of the write that ended in it.
func explained(err error) error {
	switch {
	case errors.Is(err, errNotSent):
		return fmt.Errorf("%w (%w)", api.ErrNoLeader, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return api.ErrUncertain
	case errors.Is(err, errUnwritable):
		return &fsm.Refusal{Code: fsm.Invalid, Message: err.Error()}
	}
	return err
}

// ProposeAsLeader implements api.Peer: another node of the cluster forwards an
// entry. One of another cluster may have this node's address from when it was
// somebody else's.
func (n *Node) ProposeAsLeader(ctx context.Context, cluster string, packed []byte) ([]fsm.Result, error) {
	if cluster != "" && cluster != n.clusterID() {
		return nil, api.ErrNotLeader{}
	}
	commands, err := n.cfg.Dialect.Decode(packed)
	if errors.Is(err, fsm.ErrTooNew) {
		return nil, &fsm.Refusal{Code: fsm.Conflict, Message: fmt.Sprintf("node %s, which leads, can't read this (%v): upgrade it and ask again; nothing was done", n.cfg.Name, err)}
	}
	if err != nil {
		return nil, &fsm.Refusal{Code: fsm.Invalid, Message: err.Error()}
	}
	for _, c := range commands {
		if _, forbidden := c.(fsm.Transition); forbidden {
			return nil, &fsm.Refusal{Code: fsm.Invalid, Message: "only the leader itself decides about changes of state"}
		}
	}
	if !n.leads() {
		return nil, n.notLeader()
	}
	ctx, cancel := context.WithTimeout(ctx, proposeTimeout)
	defer cancel()
	results, err := n.local.propose(ctx, commands)
	return results, explained(err)
}

func (n *Node) notLeader() api.ErrNotLeader {
	leader, _ := n.Leader()
	return api.ErrNotLeader{LeaderHTTP: leader.HTTP}
}

// commitHere commits the commands as one entry of the raft log. Those that
// Validate refuses are answered and left out. A leader that has not founded its
// cluster, or has not applied its log yet, takes nothing: what is written would
// hold without any settings, or be judged by a state that is no more.
func (n *Node) commitHere(ctx context.Context, commands []fsm.Command) ([]fsm.Result, error) {
	view := n.machine.View()
	if view.ClusterID() == "" {
		return nil, api.ErrNotLeader{}
	}
	results := make([]fsm.Result, len(commands))
	var proposed []fsm.Command
	var at []int // where in results the answer to each proposed one goes
	for i, c := range commands {
		c = n.stamped(c)
		if refused := n.cfg.Dialect.Validate(view, c); refused != nil {
			results[i] = fsm.Result{Index: view.Index(), Refused: refused}
			continue
		}
		proposed, at = append(proposed, c), append(at, i)
	}
	if len(proposed) == 0 {
		return results, nil
	}
	committed, err := n.commitEntry(ctx, proposed...)
	if err != nil {
		return nil, err
	}
	for i, r := range committed {
		results[at[i]] = r
	}
	return results, nil
}

// commitEntry puts one entry through raft and waits until it is applied here.
// The error is api.ErrNotLeader if it certainly was not done, api.ErrUncertain
// if nobody can tell.
func (n *Node) commitEntry(ctx context.Context, commands ...fsm.Command) ([]fsm.Result, error) {
	packed, err := n.cfg.Dialect.Encode(commands...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnwritable, err)
	}
	future := n.raft.Apply(packed, enqueueTimeout)
	switch err := n.futures.await(ctx, future); {
	case err == nil:
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrEnqueueTimeout), errors.Is(err, raft.ErrLeadershipTransferInProgress):
		return nil, n.notLeader()
	default:
		n.log.Warn("an entry was handed over and its fate is unknown", "err", err)
		return nil, api.ErrUncertain
	}
	n.nudge()
	switch response := future.Response().(type) {
	case []fsm.Result:
		return response, nil
	case error:
		return nil, response
	default:
		return nil, fmt.Errorf("the state machine answered with %T", response)
	}
}

// commitThere forwards the commands to the leader as one entry.
func (n *Node) commitThere(ctx context.Context, commands []fsm.Command) ([]fsm.Result, error) {
	leader, known := n.Leader()
	if !known || leader.HTTP == "" || leader.Node == n.cfg.Name {
		return nil, api.ErrNotLeader{}
	}
	packed, err := n.cfg.Dialect.Encode(commands...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnwritable, err)
	}
	ctx, cancel := context.WithTimeout(ctx, proposeTimeout)
	defer cancel()
	results, err := n.out.Peers.Propose(ctx, leader.HTTP, n.clusterID(), packed)
	switch {
	case err == nil && len(results) != len(commands):
		return nil, fmt.Errorf("the leader %s answered %d commands with %d results", leader.Node, len(commands), len(results))
	case errors.Is(err, api.ErrNoLeader), errors.Is(err, api.ErrUnreachable):
		return nil, api.ErrNotLeader{} // nothing was done: try again
	}
	return results, err
}

// catchUp waits until this node has applied index, so that whoever wrote
// through it also reads it here.
func (n *Node) catchUp(ctx context.Context, index uint64) {
	ctx, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	_ = n.awaitView(ctx, func(v *fsm.View) bool { return v.Index() >= index })
}

// awaitView waits until a View fulfils what is asked of it.
func (n *Node) awaitView(ctx context.Context, fulfils func(*fsm.View) bool) error {
	for {
		view := n.machine.View()
		if fulfils(view) {
			return nil
		}
		select {
		case <-view.Superseded():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func lastIndex(results []fsm.Result) uint64 {
	var last uint64
	for _, r := range results {
		last = max(last, r.Index)
	}
	return last
}
