package server

import (
	"fmt"

	"github.com/gin-gonic/gin"

	"tocsin/api"
)

// OriginalMode says how much of the original's paths a node serves.
type OriginalMode string

// The modes. The zero value is OriginalOn.
const (
	OriginalOn   OriginalMode = "on"
	OriginalRead OriginalMode = "read" // nothing that changes anything
	OriginalOff  OriginalMode = "off"
)

// ParseOriginalMode reads on, read or off.
func ParseOriginalMode(text string) (OriginalMode, error) {
	switch m := OriginalMode(text); m {
	case OriginalOn, OriginalRead, OriginalOff:
		return m, nil
	}
	return "", fmt.Errorf("%.80q is none of on, read and off", text)
}

// deprecatedSince is when /v1 took the place of the original's paths, as RFC
// 9745 writes it: 20 November 2026.
const deprecatedSince = "@1795132800"

// announce tells the callers of the original's paths which path to use instead.
func announce(c *gin.Context, successor string) {
	c.Header("Deprecation", deprecatedSince)
	c.Header("Link", fmt.Sprintf("<%s>; rel=\"successor-version\"", successor))
}

// allows reports why the mode does not serve a route of the original.
func (m OriginalMode) allows(r route) error {
	switch {
	case m == OriginalOff:
		return api.Faultf(api.CodeSwitchedOff, "this node does not serve the paths of the original (--original-api off): use %s", r.successor)
	case m == OriginalRead && r.writes:
		return api.Faultf(api.CodeSwitchedOff, "this node takes no changes by the paths of the original (--original-api read): use %s", r.successor)
	}
	return nil
}

// original returns the routes of the original, each with the path of /v1 that
// does the same.
func (s *server) original() []route {
	read := func(path, successor string, handle handler, known ...string) route {
		return route{method: "GET", path: path, successor: successor, known: parameters(known...), handle: handle}
	}
	change := func(path, successor string, handle handler, known ...string) route {
		r := read(path, successor, handle, known...)
		r.writes = true
		return r
	}
	const statusPath, membersPath = "/v1/status", "/v1/members"
	return []route{
		change("/set", endpointsPath, s.originalSet, "key", "value"),
		change("/del", endpointsPath, s.originalDel, "key"),
		read("/get", endpointsPath, s.originalGet, "key"),
		read("/status", endpointsPath, s.originalStatus), read("/status/*key", endpointsPath, s.originalStatus),
		read("/detectordata", statusPath, s.detectorData), read("/detectordata/*key", statusPath, s.detectorData),
		read("/gossipstatus", statusPath, s.gossipStatus), read("/gossipstatus/*key", statusPath, s.gossipStatus),

		read("/leader", membersPath, s.leader),
		read("/raftnodes", membersPath, s.raftNodes),
		read("/gossipnodes", membersPath, s.gossipNodes),
		read("/membersconsensus", membersPath, s.membersConsensus),
		change("/join", membersPath, s.join, "peerAddress"),
		change("/leave", membersPath, s.leave, "peerAddress"),
		change("/gossipjoin/*addresses", membersPath, s.gossipJoin),
		change("/gossipleave", membersPath, s.gossipLeave),
	}
}
