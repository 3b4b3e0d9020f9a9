package server

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
)

// The receiving end of what nodes ask of each other; see peer.Client for the
// other one.

// maxRegister bounds what another node says of itself, or asks.
const maxRegister = 64 << 10

// readAsked reads what another node asks, of which errors speak as what.
func readAsked[T any](c *gin.Context, what string) (asked T, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, io.NopCloser(bodyOf(c.Request.Context(), c.Request.Body)), maxRegister))
	if err != nil {
		return asked, bodyFault(err, nil)
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		return asked, api.BadRequest("the %s can't be read: %v", what, err)
	}
	return asked, nil
}

func (s *server) peerIntroduce(c *gin.Context, _ url.Values) error {
	asker, err := readAsked[peer.Introduction](c, "introduction")
	if err != nil {
		return err
	}
	if err := fsm.ValidateNodeName(asker.Node); err != nil {
		return api.BadRequest("the introduction can't be right: node: %v", err)
	}
	writeJSON(c, http.StatusOK, jsonType, s.Peer.Introduce(asker))
	return nil
}

// peerRegister is lenient about fields it does not know: in a cluster that is
// being upgraded, the newer node says more than the older one understands.
func (s *server) peerRegister(c *gin.Context, _ url.Values) error {
	r, err := readAsked[peer.Registration](c, "registration")
	if err != nil {
		return err
	}
	if err := r.Check(); err != nil {
		return api.BadRequest("the registration can't be right: %v", err)
	}
	welcome, err := s.Peer.Register(c.Request.Context(), r)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, jsonType, welcome)
	return nil
}

func (s *server) peerPropose(c *gin.Context, _ url.Values) error {
	entry, err := io.ReadAll(http.MaxBytesReader(c.Writer, io.NopCloser(bodyOf(c.Request.Context(), c.Request.Body)), fsm.MaxEntryBytes))
	if err != nil {
		return bodyFault(err, nil)
	}
	if len(entry) == 0 {
		return api.BadRequest("the entry is empty")
	}
	results, err := s.Peer.ProposeAsLeader(c.Request.Context(), c.GetHeader(peer.ClusterHeader), entry)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, jsonType, peer.Results{Results: results})
	return nil
}

func (s *server) peerIndex(c *gin.Context, _ url.Values) error {
	asked, err := readAsked[peer.IndexRequest](c, "request")
	if err != nil {
		return err
	}
	index, err := s.Peer.IndexAsLeader(c.Request.Context(), asked.Verified)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, jsonType, peer.IndexAnswer{Index: index})
	return nil
}
