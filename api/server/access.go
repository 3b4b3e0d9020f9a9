package server

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tocsin/access"
	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/connlimit"
)

// Access says whom this node lets in.
type Access interface {
	// Asks reports whether whoever asks has to prove who they are.
	Asks() bool
	// Token returns the record of a token, nil if the cluster knows none of
	// that id. The error is ErrUnsettled while this node can't tell.
	Token(id string) (*access.Record, error)
}

// roleFor returns the role that a route needs. A route that nobody has thought
// about is a mistake of ours, and must not serve anybody.
func (s *server) roleFor(r route) access.Role {
	need, ok := access.Needs(r.method, pattern(r.path))
	if !ok {
		panic("the route " + r.method + " " + pattern(r.path) + " has no rule: say in access/rules.go which role it needs")
	}
	if r.path == metricsPath && s.MetricsOpen {
		return access.Open
	}
	return need
}

// authorize adds to the request what its token proves, and reports why it may
// not go on. Where nobody has to prove anything a good token still gives its
// name to what is done. Who has proven more than one thing acts by what is enough.
func (s *server) authorize(c *gin.Context, r route, need access.Role) error {
	asks := s.Access != nil && s.Access.Asks()
	err := s.identify(c)
	ctx := context.WithValue(access.Doing(c.Request.Context(), need), askedKey{}, asked{s.Access, need})
	c.Request = c.Request.WithContext(ctx)
	if c.Request.TLS != nil && strings.HasPrefix(r.path, peer.Paths) {
		if stranger := access.AdmitPeer(access.From(ctx)); stranger != nil {
			return stranger
		}
	}
	if !asks || need == access.Open {
		return nil
	}
	enough := access.Admit(access.From(ctx), need)
	if err == nil || enough == nil && errors.Is(err, api.ErrUnsettled) { // a certificate will do
		err = enough
	}
	return err
}

// askedKey is where the context of a request holds the asked that it met.
type askedKey struct{}

// asked is what a request that takes a role had to get by.
type asked struct {
	access Access
	need   access.Role
}

// stillMay reports why the request of ctx may not go on now, nil if it may. A body has
// half a minute to come in, and a node that let everybody in may have begun to ask
// meanwhile.
func stillMay(ctx context.Context) error {
	a, ok := ctx.Value(askedKey{}).(asked)
	if !ok || a.access == nil || a.need == access.Open || !a.access.Asks() {
		return nil
	}
	return access.Admit(access.From(ctx), a.need)
}

// bounded returns err, and for a refusal beyond those that a source may have the one
// that says so: whatever it is for, who is refused can't fill the audit log.
func (s *server) bounded(c *gin.Context, err error) error {
	if err == nil {
		return nil
	}
	p := api.ProblemOf(err)
	if !isRefusal(p.Code) || s.attempts.fail(connlimit.Source(c.Request.RemoteAddr), time.Now()) {
		return err
	}
	return api.Faultf(api.CodeTooMany, "too many requests from here were refused already: %s", p.Detail)
}

// identify reads the token of a request.
func (s *server) identify(c *gin.Context) error {
	if s.Access == nil {
		return nil
	}
	unproven := func(err error) error { return access.Denial{Unproven: true, Reason: err.Error()} }
	token, shown, err := access.FromHeader(c.GetHeader("Authorization"))
	if err != nil {
		return unproven(err)
	}
	if !shown {
		return nil
	}
	record, err := s.Access.Token(token.ID())
	if err != nil {
		return err
	}
	identity, err := access.Verify(token, record, time.Now())
	if err != nil {
		return unproven(err)
	}
	c.Request = c.Request.WithContext(access.With(c.Request.Context(), identity))
	return nil
}
