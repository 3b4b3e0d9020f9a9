package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"tocsin/keyring"
)

const (
	// peerKeysPath is where a node asks another one for its gossip keys.
	peerKeysPath = "/v1/peer/keys"
	// peerKeyringPath is where a node has another one change its gossip keys.
	peerKeyringPath = "/v1/peer/keyring"
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

func (s *server) peerKeys(c *gin.Context, _ url.Values) error {
	if _, err := readAsked[struct{}](c, "request"); err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, jsonType, s.lookAtKeys())
	return nil
}

// lookAtKeys looks at those of this node.
func (s *server) lookAtKeys() RingReport {
	return RingReport{Node: s.State.Self().Node, Held: s.Peer.GossipKeys()}
}

func (s *server) peerKeyring(c *gin.Context, _ url.Values) error {
	asked, err := readAsked[RingRequest](c, "request")
	if err != nil {
		return err
	}
	change, err := asked.change()
	if err != nil {
		return badRequest("the request can't be right: %v", err)
	}
	report, err := s.changeKeys(change)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, jsonType, report)
	return nil
}

// change is the way back from the wire.
func (r RingRequest) change() (change keyring.Change, err error) {
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

// changeKeys changes those of this node.
func (s *server) changeKeys(change keyring.Change) (RingReport, error) {
	ring, err := s.Peer.ChangeKeys(change)
	if err != nil {
		return RingReport{}, faultf(CodeConflict, "%s", err.Error())
	}
	return RingReport{Node: s.State.Self().Node, Held: keyring.Hold(ring, ring, nil)}, nil
}

// GossipKeys asks the node at address for its gossip keys.
func (c *PeerClient) GossipKeys(ctx context.Context, address string) (RingReport, error) {
	return c.ring(ctx, address, question{path: peerKeysPath, asked: struct{}{}})
}

// ChangeKeys has the node at address change its gossip keys.
func (c *PeerClient) ChangeKeys(ctx context.Context, address string, change keyring.Change) (RingReport, error) {
	asked := RingRequest{Step: change.Step, Fingerprint: change.Fingerprint}
	if change.Step == keyring.Install {
		asked.Key = change.Key.Reveal()
	}
	return c.ring(ctx, address, question{path: peerKeyringPath, asked: asked})
}

// ring asks a question that is answered by the keys of a node.
func (c *PeerClient) ring(ctx context.Context, address string, q question) (RingReport, error) {
	var report RingReport
	if err := c.post(ctx, address, q, &report); err != nil {
		return RingReport{}, err
	}
	if report.Node == "" {
		return RingReport{}, errNameless
	}
	return report, nil
}
