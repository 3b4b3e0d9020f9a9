package consensus

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

// Propose has commands committed, by this node or by the leader elsewhere. It
// returns when this node has applied them, or with an error that says whether they
// may have been committed: api.ErrNoLeader if they certainly were not,
// api.ErrUncertain if nobody can tell.
func (m *Member) Propose(ctx context.Context, commands ...fsm.Command) ([]fsm.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, proposeTimeout)
	defer cancel()
	for patience := time.Now().Add(leaderPatience); time.Now().Before(patience); {
		leaderChanged := m.leaderChanged.wait()
		results, err := m.proposeOnce(ctx, commands)
		if err == nil {
			m.catchUp(ctx, lastIndex(results))
			return results, nil
		}
		if _, wrongDoor := errors.AsType[api.ErrNotLeader](err); !wrongDoor {
			return nil, err
		}
		// Nothing was done: whoever was asked has just lost the lead, or does
		// not have it yet.
		m.config.Retried()
		select {
		case <-leaderChanged:
		case <-time.After(newLeaderWait):
		case <-ctx.Done():
			return nil, api.ErrNoLeader
		}
	}
	return nil, api.ErrNoLeader
}

func (m *Member) proposeOnce(ctx context.Context, commands []fsm.Command) ([]fsm.Result, error) {
	var results []fsm.Result
	var err error
	if m.Leads() {
		results, err = m.local.propose(ctx, commands)
	} else {
		results, err = m.remote.propose(ctx, commands)
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

// ProposeAsLeader commits an entry that another node of the cluster forwards. One of
// another cluster may have this node's address from when it was somebody else's. The
// errors are those of ProposeHere, and a *fsm.Refusal of an entry that nobody would take.
func (m *Member) ProposeAsLeader(ctx context.Context, cluster string, packed []byte) ([]fsm.Result, error) {
	if cluster != "" && cluster != m.config.Cluster() {
		return nil, api.ErrNotLeader{}
	}
	commands, err := m.config.Dialect.Decode(packed)
	if errors.Is(err, fsm.ErrTooNew) {
		return nil, &fsm.Refusal{Code: fsm.Conflict, Message: fmt.Sprintf("node %s, which leads, can't read this (%v): upgrade it and ask again; nothing was done", m.config.Node, err)}
	}
	if err != nil {
		return nil, &fsm.Refusal{Code: fsm.Invalid, Message: err.Error()}
	}
	for _, c := range commands {
		if _, forbidden := c.(fsm.Transition); forbidden {
			return nil, &fsm.Refusal{Code: fsm.Invalid, Message: "only the leader itself decides about changes of state"}
		}
	}
	if !m.Leads() {
		return nil, m.NotLeader()
	}
	return m.ProposeHere(ctx, commands...)
}

// ProposeHere has commands committed if this node leads. The errors are those of
// Propose, and api.ErrNotLeader.
func (m *Member) ProposeHere(ctx context.Context, commands ...fsm.Command) ([]fsm.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, proposeTimeout)
	defer cancel()
	results, err := m.local.propose(ctx, commands)
	return results, explained(err)
}

// NotLeader is the error of who was asked as the leader and is not: it names who is.
func (m *Member) NotLeader() api.ErrNotLeader {
	leader, _ := m.Leader()
	return api.ErrNotLeader{LeaderHTTP: leader.HTTP}
}

// commitHere commits the commands as one entry of the raft log. Those that
// Validate refuses are answered and left out. A leader that has not founded its
// cluster, or has not applied its log yet, takes nothing: what is written would
// hold without any settings, or be judged by a state that is no more.
func (m *Member) commitHere(ctx context.Context, commands []fsm.Command) ([]fsm.Result, error) {
	view := m.machine.View()
	if view.ClusterID() == "" {
		return nil, api.ErrNotLeader{}
	}
	results := make([]fsm.Result, len(commands))
	var proposed []fsm.Command
	var at []int // where in results the answer to each proposed one goes
	for i, c := range commands {
		c = m.stamped(c)
		if refused := m.config.Dialect.Validate(view, c); refused != nil {
			results[i] = fsm.Result{Index: view.Index(), Refused: refused}
			continue
		}
		proposed, at = append(proposed, c), append(at, i)
	}
	if len(proposed) == 0 {
		return results, nil
	}
	committed, err := m.Commit(ctx, proposed...)
	if err != nil {
		return nil, err
	}
	for i, r := range committed {
		results[at[i]] = r
	}
	return results, nil
}

// Commit puts one entry through raft and waits until it is applied here.
// The error is api.ErrNotLeader if it certainly was not done, api.ErrUncertain
// if nobody can tell.
func (m *Member) Commit(ctx context.Context, commands ...fsm.Command) ([]fsm.Result, error) {
	packed, err := m.config.Dialect.Encode(commands...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnwritable, err)
	}
	future := m.raft.Apply(packed, enqueueTimeout)
	switch err := m.futures.await(ctx, future); {
	case err == nil:
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrEnqueueTimeout), errors.Is(err, raft.ErrLeadershipTransferInProgress):
		return nil, m.NotLeader()
	default:
		m.log.Warn("an entry was handed over and its fate is unknown", "err", err)
		return nil, api.ErrUncertain
	}
	m.nudge()
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
func (m *Member) commitThere(ctx context.Context, commands []fsm.Command) ([]fsm.Result, error) {
	leader, known := m.Leader()
	if !known || leader.HTTP == "" || leader.Node == m.config.Node {
		return nil, api.ErrNotLeader{}
	}
	packed, err := m.config.Dialect.Encode(commands...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnwritable, err)
	}
	ctx, cancel := context.WithTimeout(ctx, proposeTimeout)
	defer cancel()
	results, err := m.config.Peers.Propose(ctx, leader.HTTP, m.config.Cluster(), packed)
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
func (m *Member) catchUp(ctx context.Context, index uint64) {
	ctx, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	_ = m.config.Machine.Await(ctx, func(v *fsm.View) bool { return v.Index() >= index })
}

func lastIndex(results []fsm.Result) uint64 {
	var last uint64
	for _, r := range results {
		last = max(last, r.Index)
	}
	return last
}

// stamped has the leader that proposes a command sign and date what is to be
// signed and dated by the leader.
func (m *Member) stamped(c fsm.Command) fsm.Command {
	if force, ok := c.(fsm.ForceState); ok {
		force.Leader, force.Time = m.config.Node, time.Now()
		return force
	}
	return c
}
