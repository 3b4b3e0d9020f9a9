package server

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"tocsin/access"
	"tocsin/api"
	"tocsin/api/peer"
)

// maxAudited bounds what of a path and of a query is written down: whoever is
// refused must not fill the disk with it.
const maxAudited = 1 << 10

// note writes a line for each request that was to change something, and for
// each that was refused for who sent it: who, what, from where, and how it
// ended. What nodes ask of each other is noted where somebody has asked a node,
// and so is told once; that a node registers is told here.
func (s *server) note(c *gin.Context, r route, need access.Role, query url.Values, err error) {
	refused := err != nil && isRefusal(api.ProblemOf(err).Code)
	switch {
	case refused && api.ProblemOf(err).Code == api.CodeTooMany:
		return // one of many: the first ones were told
	case refused:
	case r.path == peer.IntroducePath, r.path == peer.RegisterPath && err != nil:
		return // nothing was changed, and it is asked every second
	case !r.writes, need == access.Node:
		return
	}
	who := access.From(c.Request.Context())
	facts := []slog.Attr{
		slog.String("by", by(c.Request.Context())), slog.String("as", string(who.Role())), slog.String("proof", string(who.Proof())),
		slog.String("from_address", c.Request.RemoteAddr), slog.String("method", c.Request.Method),
		slog.String("path", clipped(c.Request.URL.EscapedPath())),
	}
	if key := query.Get("key"); key != "" {
		facts = append(facts, slog.String("key", clipped(key)))
	}
	if rest := auditedQuery(query); rest != "" {
		facts = append(facts, slog.String("query", clipped(rest)))
	}
	status := c.Writer.Status()
	if err != nil {
		status = api.ProblemOf(err).Status
		facts = append(facts, slog.String("problem", string(api.ProblemOf(err).Code)))
	}
	facts = append(facts, slog.Int("status", status))
	level, message := slog.LevelInfo, "changed"
	switch {
	case refused:
		level, message = slog.LevelWarn, "refused"
	case status >= http.StatusBadRequest:
		message = "not changed"
	default:
		facts = append(facts, slog.String("index", c.Writer.Header().Get(api.IndexHeader)))
	}
	s.audit.LogAttrs(c.Request.Context(), level, message, facts...)
}

// isRefusal reports whether a problem is about who asks.
func isRefusal(code api.Code) bool {
	switch code {
	case api.CodeUnauthenticated, api.CodeForbidden, api.CodeTooMany, api.CodeCrossSite:
		return true
	}
	return false
}

// auditedQuery is what a query says beside the key, which is told by its own name,
// and the value of an endpoint, which may be a secret.
func auditedQuery(query url.Values) string {
	rest := maps.Clone(query)
	delete(rest, "key")
	delete(rest, "value")
	return rest.Encode()
}

// by is who is behind a request, for the lines of the log: what was proven, or -.
func by(ctx context.Context) string { return access.From(ctx).By("-") }

func clipped(text string) string { return text[:min(len(text), maxAudited)] }
