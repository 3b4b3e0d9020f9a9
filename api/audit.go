package api

import (
	"log/slog"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"tocsin/access"
)

// maxAuditedPath bounds what of a path is written down: whoever is refused must
// not fill the disk with it.
const maxAuditedPath = 1 << 10

// note writes a line for each request that was to change something, and for
// each that was refused for who sent it: who, what, from where, and how it
// ended. What nodes ask of each other is noted where somebody has asked a node,
// and so is told once; that a node registers is told here.
func (s *server) note(c *gin.Context, r route, need access.Role, query url.Values, err error) {
	refused := err != nil && isRefusal(problemOf(err).Code)
	switch {
	case refused && problemOf(err).Code == CodeTooMany:
		return // one of many: the first ones were told
	case refused:
	case r.path == introducePath, r.path == registerPath && err != nil:
		return // nothing was changed, and it is asked every second
	case !r.writes, need == access.Node:
		return
	}
	who := access.From(c.Request.Context())
	facts := []slog.Attr{
		slog.String("by", who.By("-")), slog.String("as", string(who.Role())), slog.String("proof", string(who.Proof())),
		slog.String("from_address", c.Request.RemoteAddr), slog.String("method", c.Request.Method),
		slog.String("path", clipped(c.Request.URL.EscapedPath())),
	}
	if key := query.Get("key"); key != "" {
		facts = append(facts, slog.String("key", clipped(key)))
	}
	status := c.Writer.Status()
	if err != nil {
		status = problemOf(err).Status
		facts = append(facts, slog.String("problem", string(problemOf(err).Code)))
	}
	facts = append(facts, slog.Int("status", status))
	level, message := slog.LevelInfo, "changed"
	switch {
	case refused:
		level, message = slog.LevelWarn, "refused"
	case status >= http.StatusBadRequest:
		message = "not changed"
	default:
		facts = append(facts, slog.String("index", c.Writer.Header().Get(IndexHeader)))
	}
	s.audit.LogAttrs(c.Request.Context(), level, message, facts...)
}

// isRefusal reports whether a problem is about who asks.
func isRefusal(code Code) bool {
	switch code {
	case CodeUnauthenticated, CodeForbidden, CodeTooMany, CodeCrossSite:
		return true
	}
	return false
}

func clipped(text string) string { return text[:min(len(text), maxAuditedPath)] }
