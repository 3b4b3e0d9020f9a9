package access

import (
	"context"
	"slices"
)

// Proof is how somebody has proven who they are.
type Proof string

// The proofs.
const (
	ByToken       Proof = "token"
	ByCertificate Proof = "certificate"
)

// Identity is one thing that was proven: a name, the role that comes with it,
// and how.
type Identity struct {
	// Name is that of the token, or the one that the certificate is for: with
	// the role node it is the node's.
	Name  string
	Role  Role
	Proof Proof
}

// Caller is all that one request has proven, nothing if it has proven nothing.
// A node that joins shows a certificate and a join token.
type Caller []Identity

// May reports whether one of the identities may do what needs that role.
func (c Caller) May(need Role) bool {
	return need == Open || slices.ContainsFunc(c, func(i Identity) bool { return i.Role.Includes(need) })
}

// Name returns the name to note for what the caller does: that of the token,
// since somebody chose it for this request, before that of the certificate. It
// is "" if nothing was proven.
func (c Caller) Name() string { return c.who().Name }

// By returns who acts, for records that are kept: the name that was proven, or
// else what the caller says of itself.
func (c Caller) By(says string) string {
	if name := c.Name(); name != "" {
		return name
	}
	return says
}

// Role returns the role of the identity that Name names.
func (c Caller) Role() Role { return c.who().Role }

// Proof returns how the identity that Name names was proven.
func (c Caller) Proof() Proof { return c.who().Proof }

func (c Caller) who() Identity {
	if i, ok := c.by(ByToken); ok {
		return i
	}
	i, _ := c.by(ByCertificate)
	return i
}

// Certificate returns what was proven by a certificate.
func (c Caller) Certificate() (Identity, bool) { return c.by(ByCertificate) }

// Token returns what was proven by a token.
func (c Caller) Token() (Identity, bool) { return c.by(ByToken) }

func (c Caller) by(p Proof) (Identity, bool) {
	at := slices.IndexFunc(c, func(i Identity) bool { return i.Proof == p })
	if at < 0 {
		return Identity{}, false
	}
	return c[at], true
}

// callerKey is where a context holds the Caller.
type callerKey struct{}

// With returns a context that also holds i as proven. Whoever takes a
// certificate calls it before the request reaches package api, which adds what
// a token proves.
func With(ctx context.Context, i Identity) context.Context {
	return context.WithValue(ctx, callerKey{}, append(slices.Clone(From(ctx)), i))
}

// From returns what the request of this context has proven.
func From(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
