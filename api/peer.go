package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"tocsin/fsm"
)

// The receiving end of what nodes ask of each other; see PeerClient for the
// other one.

const (
	// peerPaths is what all of them begin with.
	peerPaths     = "/v1/peer/"
	introducePath = "/v1/peer/introduce"
	registerPath  = "/v1/peer/register"
	proposePath   = "/v1/peer/propose"
	indexPath     = "/v1/peer/index"
)

// maxRegister bounds what another node says of itself, or asks.
const maxRegister = 64 << 10

// The types of the bodies.
const (
	jsonBody  = "application/json"
	entryBody = "application/octet-stream"
)

// clusterHeader says for which cluster an entry is. Nodes of older builds do
// not send it.
const clusterHeader = "Tocsin-Cluster"

// readAsked reads what another node asks, of which errors speak as what.
func readAsked[T any](c *gin.Context, what string) (asked T, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, io.NopCloser(arriving{c.Request.Body}), maxRegister))
	if err != nil {
		return asked, bodyFault(err, nil)
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		return asked, badRequest("the %s can't be read: %v", what, err)
	}
	return asked, nil
}

func (s *server) peerIntroduce(c *gin.Context, _ url.Values) error {
	asker, err := readAsked[Introduction](c, "introduction")
	if err != nil {
		return err
	}
	if err := fsm.ValidateNodeName(asker.Node); err != nil {
		return badRequest("the introduction can't be right: node: %v", err)
	}
	writeJSON(c, http.StatusOK, jsonType, s.Peer.Introduce(asker))
	return nil
}

// peerRegister is lenient about fields it does not know: in a cluster that is
// being upgraded, the newer node says more than the older one understands.
func (s *server) peerRegister(c *gin.Context, _ url.Values) error {
	r, err := readAsked[Registration](c, "registration")
	if err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return badRequest("the registration can't be right: %v", err)
	}
	welcome, err := s.Peer.Register(c.Request.Context(), r)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, jsonType, welcome)
	return nil
}

// check reports what no node would say of itself.
func (r Registration) check() error {
	if err := fsm.ValidateNodeName(r.Node); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	if r.Incarnation == "" {
		return fmt.Errorf("node %s names no incarnation", r.Node)
	}
	for _, a := range []struct{ name, address string }{{"raft", r.Raft}, {"gossip", r.Gossip}, {"http", r.HTTP}} {
		if err := hostPort(a.address); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
	}
	return nil
}

func (s *server) peerPropose(c *gin.Context, _ url.Values) error {
	entry, err := io.ReadAll(http.MaxBytesReader(c.Writer, io.NopCloser(arriving{c.Request.Body}), fsm.MaxEntryBytes))
	if err != nil {
		return bodyFault(err, nil)
	}
	if len(entry) == 0 {
		return badRequest("the entry is empty")
	}
	results, err := s.Peer.ProposeAsLeader(c.Request.Context(), c.GetHeader(clusterHeader), entry)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, jsonType, Results{Results: results})
	return nil
}

func (s *server) peerIndex(c *gin.Context, _ url.Values) error {
	asked, err := readAsked[IndexRequest](c, "request")
	if err != nil {
		return err
	}
	index, err := s.Peer.IndexAsLeader(c.Request.Context(), asked.Verified)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, jsonType, IndexAnswer{Index: index})
	return nil
}
