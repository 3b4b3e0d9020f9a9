package server

import (
	"strconv"

	"github.com/gin-gonic/gin"

	"tocsin/api"
)

func stampTexts() map[string]string {
	return map[string]string{
		api.IndexHeader:    "The raft index up to which the answer knows everything; of a write, the one at which it was done",
		api.LeaderHeader:   "The name of the leader as the answering node knows it, empty while it knows none",
		api.ServedByHeader: "The name of the answering node",
	}
}

// stamp marks an answer. The index is the one from before anything was looked
// at, so that it never promises too much; a handler that knows better puts its
// own in the place.
func (s *server) stamp(c *gin.Context) {
	leader, _ := s.Membership.Leader()
	c.Header(api.IndexHeader, strconv.FormatUint(s.State.View().Index(), 10))
	c.Writer.Header().Set(api.LeaderHeader, leader.Node) // gin would leave an empty one out
	c.Header(api.ServedByHeader, s.State.Self().Node)
}
