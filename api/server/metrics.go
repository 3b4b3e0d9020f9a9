package server

import (
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
)

const metricsPath = "/metrics"

// metrics answers Prometheus.
func (s *server) metrics(c *gin.Context, _ url.Values) error {
	s.Metrics.ServeHTTP(c.Writer, c.Request)
	return nil
}

// count tells of each request how it was answered, one that was broken off
// included.
func (s *server) count(c *gin.Context) {
	if s.Requests == nil {
		c.Next()
		return
	}
	defer func() { s.Requests.Served(pattern(c.FullPath()), c.Request.Method, c.Writer.Status()) }()
	c.Next()
}

// pattern writes a path of gin as the document does: /v1/endpoints/{key}.
func pattern(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			parts[i] = "{" + name + "}"
		} else if name, ok := strings.CutPrefix(part, "*"); ok {
			parts[i] = "{" + name + "}"
		} else {
			parts[i] = strings.ReplaceAll(part, `\:`, ":")
		}
	}
	return strings.Join(parts, "/")
}
