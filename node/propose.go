package node

import (
	"context"
	"time"

	"tocsin/fsm"
)

// Propose implements server.Writer. Any number of goroutines may call it. It
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
	return n.raft.Propose(ctx, commands...)
}

// ProposeAsLeader implements server.Peer: another node of the cluster forwards an
// entry.
func (n *Node) ProposeAsLeader(ctx context.Context, cluster string, packed []byte) ([]fsm.Result, error) {
	return n.raft.ProposeAsLeader(ctx, cluster, packed)
}
