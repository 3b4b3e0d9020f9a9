package node

import (
	"context"
	"errors"
	"time"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
	"tocsin/notify"
	"tocsin/verify"
)

// Account implements server.Peer.
func (n *Node) Account(key string) peer.Account {
	var open []notify.Open
	if notifier := n.notifier.Load(); notifier != nil {
		open = notifier.Open(key, peer.MaxOpen)
	}
	verdict, _ := n.verifier.Verdict(key)
	account := peer.NewAccount(n.cfg.Name, verdict, n.verifier.Samples(key), open, time.Now())
	leader, _ := n.Leader()
	account.Hears, account.Follows = n.doubter.Heard(), leader.Node
	return account
}

// Check implements server.Peer.
func (n *Node) Check(ctx context.Context, key string) (api.SeenSample, error) {
	sample, err := n.verifier.CheckNow(ctx, key)
	if errors.Is(err, verify.ErrNotWatched) {
		return api.SeenSample{}, &fsm.Refusal{Code: fsm.NotFound, Message: "this node does not watch the endpoint: it was deleted, or this node has not heard of it yet"}
	}
	return peer.NewSeenSample(sample, time.Now()), err
}
