package node

import (
	"time"

	"tocsin/api"
	"tocsin/notify"
)

// Account implements api.Peer.
func (n *Node) Account(key string) api.Account {
	var open []notify.Open
	if notifier := n.notifier.Load(); notifier != nil {
		open = notifier.Open(key, api.MaxOpen)
	}
	verdict, _ := n.verifier.Verdict(key)
	return api.NewAccount(n.cfg.Name, verdict, n.verifier.Samples(key), open, time.Now())
}
