package server

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"tocsin/api"
	"tocsin/api/peer"
)

// The original's paths about who belongs to the cluster.

func (s *server) leader(c *gin.Context, _ url.Values) error {
	leader, ok := s.Membership.Leader()
	if !ok {
		return api.ErrNoLeader
	}
	writeText(c, http.StatusOK, leader.Raft)
	return nil
}

func (s *server) raftNodes(c *gin.Context, _ url.Values) error {
	servers, err := s.Membership.RaftServers()
	if err != nil {
		return api.Unavailable(err)
	}
	addresses := make([]string, len(servers))
	for i, server := range servers {
		addresses[i] = server.Address
	}
	slices.Sort(addresses)
	writeJSON(c, http.StatusOK, jsonType, addresses)
	return nil
}

func (s *server) gossipNodes(c *gin.Context, _ url.Values) error {
	addresses := []string{}
	for _, member := range s.Membership.GossipMembers() {
		if member.Alive {
			addresses = append(addresses, member.Address)
		}
	}
	slices.Sort(addresses)
	writeJSON(c, http.StatusOK, jsonType, addresses)
	return nil
}

// membersConsensus compares the three answers to the question who belongs to
// the cluster.
func (s *server) membersConsensus(c *gin.Context, _ url.Values) error {
	view, err := s.known()
	if err != nil {
		return err
	}
	servers, err := s.Membership.RaftServers()
	if err != nil {
		return api.Unavailable(err)
	}
	who := membership{raft: map[string]bool{}, gossip: map[string]bool{}, observers: map[string]bool{}}
	for _, server := range servers {
		who.raft[server.Node] = true
	}
	for _, member := range s.Membership.GossipMembers() {
		if member.Alive {
			who.gossip[member.Name] = true
		}
	}
	for o := range view.Observers() {
		who.observers[o.Node] = true
	}
	if difference := who.difference(); difference != "" {
		return api.Faultf(api.CodeInternal, "%s", difference)
	}
	return ok(c)
}

// membership holds the names of the nodes in the raft configuration, of those
// alive in the gossip, and of the observers.
type membership struct{ raft, gossip, observers map[string]bool }

// difference says in words which node is where, empty when all three are the
// same.
func (m membership) difference() string {
	all := maps.Clone(m.raft)
	maps.Copy(all, m.gossip)
	maps.Copy(all, m.observers)
	var lines []string
	for _, node := range slices.Sorted(maps.Keys(all)) {
		var in, out []string
		for _, set := range []struct {
			name string
			has  bool
		}{
			{"in the raft configuration", m.raft[node]},
			{"alive in the gossip", m.gossip[node]},
			{"an observer", m.observers[node]},
		} {
			if set.has {
				in = append(in, set.name)
			} else {
				out = append(out, "not "+set.name)
			}
		}
		if len(out) > 0 {
			lines = append(lines, fmt.Sprintf("%s is %s, but %s", node, strings.Join(in, " and "), strings.Join(out, " and ")))
		}
	}
	return strings.Join(lines, "; ")
}

func (s *server) join(c *gin.Context, query url.Values) error {
	address, err := peerAddress(query)
	if err != nil {
		return err
	}
	if _, err := s.takeIn(c.Request.Context(), address, c.Request.RemoteAddr); err != nil {
		return err
	}
	return ok(c)
}

func (s *server) leave(c *gin.Context, query url.Values) error {
	address, err := peerAddress(query)
	if err != nil {
		return err
	}
	if err := s.Membership.LeaveRaft(c.Request.Context(), address); err != nil {
		return unlessKnown(fmt.Errorf("leave %s: %w", address, err))
	}
	s.log.Info("node removed by hand", "address", address, "by", by(c.Request.Context()), "from_address", c.Request.RemoteAddr)
	return ok(c)
}

func peerAddress(query url.Values) (string, error) {
	if err := needed(query, "peerAddress"); err != nil {
		return "", err
	}
	address := query.Get("peerAddress")
	if err := peer.CheckAddress(address); err != nil {
		return "", api.BadRequest("peerAddress: %v; it is the raft address of the node, as /raftnodes shows it", err)
	}
	return address, nil
}

func (s *server) gossipJoin(c *gin.Context, _ url.Values) error {
	list, err := pathKey(c, "addresses")
	if err != nil {
		return err
	}
	addresses := strings.Split(list, ",")
	for _, address := range addresses {
		if err := peer.CheckAddress(address); err != nil {
			return api.BadRequest("%v: write /gossipjoin/10.0.0.1:8000,10.0.0.2:8000", err)
		}
	}
	n, err := s.Membership.GossipJoin(addresses)
	switch {
	case err != nil:
		return unlessKnown(fmt.Errorf("%d of %d addresses answered: %w", n, len(addresses), err))
	case n == 0:
		return api.Unavailable(fmt.Errorf("none of %s answered: see that the nodes run and that their gossip ports can be reached", list))
	}
	s.log.Info("gossip joined by hand", "address", list, "answered", n, "by", by(c.Request.Context()), "from_address", c.Request.RemoteAddr)
	return ok(c)
}

func (s *server) gossipLeave(c *gin.Context, _ url.Values) error {
	if err := s.Membership.GossipLeave(); err != nil {
		return unlessKnown(fmt.Errorf("leave the gossip: %w", err))
	}
	s.log.Info("gossip left by hand", "by", by(c.Request.Context()), "from_address", c.Request.RemoteAddr)
	writeText(c, http.StatusOK, "ok: this node takes part in the gossip again when it is started again, and not before")
	return nil
}

// unlessKnown makes an error that ProblemOf knows nothing of a 503: other
// nodes and the network are in play here, and another try may do.
func unlessKnown(err error) error {
	if api.ProblemOf(err).Code == api.CodeInternal {
		return api.Unavailable(err)
	}
	return err
}
