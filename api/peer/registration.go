package peer

import (
	"context"
	"fmt"

	"tocsin/fsm"
)

// Check reports what no node would say of itself.
func (r Registration) Check() error {
	if err := fsm.ValidateNodeName(r.Node); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	if r.Incarnation == "" {
		return fmt.Errorf("node %s names no incarnation", r.Node)
	}
	for _, a := range []struct{ name, address string }{{"raft", r.Raft}, {"gossip", r.Gossip}, {"http", r.HTTP}} {
		if err := CheckAddress(a.address); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
	}
	return nil
}

// Introduce tells the node at address itself, whoever leads, who asks, and
// returns who it is. The error wraps ErrUnreachable when nobody listens there.
func (c *Client) Introduce(ctx context.Context, address string, self Introduction) (Introduction, error) {
	var other Introduction
	if err := c.post(ctx, address, question{path: IntroducePath, anyNode: true, asked: self}, &other); err != nil {
		return Introduction{}, err
	}
	if other.Node == "" {
		return Introduction{}, fmt.Errorf("ask %s: %w", address, errNameless)
	}
	return other, nil
}

// Register tells the leader, through the node at address if need be, that a
// node has started. A *fsm.Refusal as the error is final; after any other one
// it may be tried again.
func (c *Client) Register(ctx context.Context, address string, r Registration) (Welcome, error) {
	var welcome Welcome
	if err := c.call(ctx, address, question{path: RegisterPath, anyNode: true, asked: r}, &welcome); err != nil {
		return Welcome{}, fmt.Errorf("register at %s: %w", address, err)
	}
	if welcome.ClusterID == "" || welcome.Epoch == 0 {
		return Welcome{}, fmt.Errorf("register at %s: its answer names no cluster or no epoch: is it another program?", address)
	}
	return welcome, nil
}

// Introduction is what two nodes say of themselves to each other, in POST
// /v1/peer/introduce and its answer, when one wonders whether there is a
// cluster already.
type Introduction struct {
	Node string `json:"node"`
	// ClusterID is "" as long as the node belongs to no cluster.
	ClusterID string `json:"cluster_id"`
	// Bootstrap says that the node was told to found a cluster, Founded that
	// it has begun to, or belongs to one.
	Bootstrap bool `json:"bootstrap"`
	Founded   bool `json:"founded"`
}

// Registration is what a started node says of itself to the leader.
type Registration struct {
	ClusterID   string `json:"cluster_id,omitempty"` // "" before it belongs to one
	Node        string `json:"node"`
	Site        string `json:"site,omitempty"`
	Incarnation string `json:"incarnation"`
	// Disk names the node's data directory, Start counts its processes.
	Disk    string `json:"disk,omitempty"`
	Start   uint64 `json:"start,omitempty"`
	Raft    string `json:"raft"`
	Gossip  string `json:"gossip"`
	HTTP    string `json:"http"`
	Version string `json:"version,omitempty"`
	// Protocol is the highest of the replicated log that it reads; 0 means 1.
	Protocol fsm.Protocol `json:"protocol,omitempty"`
	// BallotKey is the public key that its ballots are signed by, as base64.
	BallotKey string `json:"ballot_key,omitempty"`
	// Fresh says that its disk does not belong to a member yet.
	Fresh bool `json:"fresh,omitempty"`
}

// Welcome is the leader's answer to a Registration.
type Welcome struct {
	ClusterID string `json:"cluster_id"`
	// Epoch is the raft index at which the process was registered.
	Epoch uint64 `json:"epoch"`
	// Gossip holds the gossip addresses of the observers.
	Gossip []string `json:"gossip"`
}
