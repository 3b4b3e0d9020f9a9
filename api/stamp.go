package api

import (
	"strconv"

	"github.com/gin-gonic/gin"
)

// The headers that say what an answer is worth.
const (
	// IndexHeader holds the raft index up to which the answer knows everything.
	IndexHeader = "Tocsin-Index"
	// LeaderHeader holds the name of the leader, as the answering node knows
	// it, and is empty while it knows none.
	LeaderHeader = "Tocsin-Leader"
	// ServedByHeader holds the name of the answering node.
	ServedByHeader = "Tocsin-Served-By"
)

func stampTexts() map[string]string {
	return map[string]string{
		IndexHeader:    "The raft index up to which the answer knows everything; of a write, the one at which it was done",
		LeaderHeader:   "The name of the leader as the answering node knows it, empty while it knows none",
		ServedByHeader: "The name of the answering node",
	}
}

// stamp marks an answer. The index is the one from before anything was looked
// at, so that it never promises too much; a handler that knows better puts its
// own in the place.
func (s *server) stamp(c *gin.Context) {
	leader, _ := s.Membership.Leader()
	c.Header(IndexHeader, strconv.FormatUint(s.State.View().Index(), 10))
	c.Writer.Header().Set(LeaderHeader, leader.Node) // gin would leave an empty one out
	c.Header(ServedByHeader, s.State.Self().Node)
}
