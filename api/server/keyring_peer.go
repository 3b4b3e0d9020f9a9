package server

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/keyring"
)

func (s *server) peerKeys(c *gin.Context, _ url.Values) error {
	if _, err := readAsked[struct{}](c, "request"); err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, jsonType, s.lookAtKeys())
	return nil
}

// lookAtKeys looks at those of this node.
func (s *server) lookAtKeys() peer.RingReport {
	return peer.RingReport{Node: s.State.Self().Node, Held: s.Peer.GossipKeys()}
}

func (s *server) peerKeyring(c *gin.Context, _ url.Values) error {
	asked, err := readAsked[peer.RingRequest](c, "request")
	if err != nil {
		return err
	}
	change, err := asked.Change()
	if err != nil {
		return api.BadRequest("the request can't be right: %v", err)
	}
	report, err := s.changeKeys(change)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, jsonType, report)
	return nil
}

// changeKeys changes those of this node.
func (s *server) changeKeys(change keyring.Change) (peer.RingReport, error) {
	ring, err := s.Peer.ChangeKeys(change)
	if err != nil {
		return peer.RingReport{}, api.Faultf(api.CodeConflict, "%s", err.Error())
	}
	return peer.RingReport{Node: s.State.Self().Node, Held: keyring.Hold(ring, ring, nil)}, nil
}
