package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"tocsin/keyring"
)

// peerKeyringPath is where a node has another one change its gossip keys.
const peerKeyringPath = "/v1/peer/keyring"

// RingRequest is the body of POST /v1/peer/keyring: a keyring.Change, with the
// key that is to be installed in it.
type RingRequest struct {
	Step        keyring.Step        `json:"step"`
	Key         string              `json:"key,omitempty"`
	Fingerprint keyring.Fingerprint `json:"fingerprint,omitempty"`
}

// RingReport is the answer: the keys that the node has after that, the one that it
// sends by first.
type RingReport struct {
	Node string                `json:"node"`
	Keys []keyring.Fingerprint `json:"keys"`
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
	case keyring.Look, keyring.Use, keyring.Remove:
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
	return RingReport{Node: s.State.Self().Node, Keys: ring.Fingerprints()}, nil
}

// ChangeKeys has the node at address change its gossip keys.
func (c *PeerClient) ChangeKeys(ctx context.Context, address string, change keyring.Change) (RingReport, error) {
	asked := RingRequest{Step: change.Step, Fingerprint: change.Fingerprint}
	if change.Step == keyring.Install {
		asked.Key = change.Key.Reveal()
	}
	var report RingReport
	if err := c.post(ctx, address, question{path: peerKeyringPath, asked: asked}, &report); err != nil {
		return RingReport{}, err
	}
	if report.Node == "" {
		return RingReport{}, errNameless
	}
	return report, nil
}
