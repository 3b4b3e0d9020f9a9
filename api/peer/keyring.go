package peer

import (
	"context"
	"fmt"

	"tocsin/keyring"
)

const (
	// KeysPath is where a node asks another one for its gossip keys.
	KeysPath = "/v1/peer/keys"
	// KeyringPath is where a node has another one change its gossip keys.
	KeyringPath = "/v1/peer/keyring"
)

// RingRequest is the body of POST /v1/peer/keyring: a keyring.Change, with the
// key that is to be installed in it.
type RingRequest struct {
	Step        keyring.Step        `json:"step"`
	Key         string              `json:"key,omitempty"`
	Fingerprint keyring.Fingerprint `json:"fingerprint,omitempty"`
}

// RingReport is the answer, and that of POST /v1/peer/keys: what the node says of its
// keys, after the change.
type RingReport struct {
	Node string `json:"node"`
	keyring.Held
}

// Change is the way back from the wire.
func (r RingRequest) Change() (change keyring.Change, err error) {
	change = keyring.Change{Step: r.Step, Fingerprint: r.Fingerprint}
	switch r.Step {
	case keyring.Use, keyring.Remove:
	case keyring.Install:
		change.Key, err = keyring.ParseKey(r.Key)
	default:
		err = fmt.Errorf("%.80q is no step", r.Step)
	}
	return change, err
}

// GossipKeys asks the node at address for its gossip keys.
func (c *Client) GossipKeys(ctx context.Context, address string) (RingReport, error) {
	return c.ring(ctx, address, question{path: KeysPath, asked: struct{}{}})
}

// ChangeKeys has the node at address change its gossip keys.
func (c *Client) ChangeKeys(ctx context.Context, address string, change keyring.Change) (RingReport, error) {
	asked := RingRequest{Step: change.Step, Fingerprint: change.Fingerprint}
	if change.Step == keyring.Install {
		asked.Key = change.Key.Reveal()
	}
	return c.ring(ctx, address, question{path: KeyringPath, asked: asked})
}

// ring asks a question that is answered by the keys of a node.
func (c *Client) ring(ctx context.Context, address string, q question) (RingReport, error) {
	var report RingReport
	if err := c.post(ctx, address, q, &report); err != nil {
		return RingReport{}, err
	}
	if report.Node == "" {
		return RingReport{}, errNameless
	}
	return report, nil
}
