package server

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
)

// live says that the process runs and answers. Whoever restarts what is not
// live must ask nothing more: a node without a leader is alive.
func (s *server) live(c *gin.Context, _ url.Values) error { return ok(c) }

// ready says whether the node does its duty, and if not, why.
func (s *server) ready(c *gin.Context, _ url.Values) error {
	r := s.Health.Readiness()
	if r.Problems == nil {
		r.Problems = []string{}
	}
	status := http.StatusOK
	if !r.Ready {
		status = http.StatusServiceUnavailable
		c.Header("Retry-After", "1")
	}
	writeJSON(c, status, jsonType, r)
	return nil
}
