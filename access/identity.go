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
// A node that joins shows a certificate and a join token. The first identity is
// the one that the caller acts by: what a token proves, since somebody chose it
// for this request, before what a certificate does, but see Doing.
type Caller []Identity

// May reports whether one of the identities may do what needs that role.
func (c Caller) May(need Role) bool { return c.enough(need) >= 0 }

// enough returns where the first identity is that may do what needs that role,
// -1 if none may and 0, also of nobody, if everybody may.
func (c Caller) enough(need Role) int {
	if need == Open {
		return 0
	}
	return slices.IndexFunc(c, func(i Identity) bool { return i.Role.Includes(need) })
}

// Name returns the name to note for what the caller does. It is "" if nothing
// was proven.
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
	if len(c) == 0 {
		return Identity{}
	}
	return c[0]
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
// certificate calls it before the request reaches api/server, which adds what
// a token proves.
func With(ctx context.Context, i Identity) context.Context {
	c := slices.Clone(From(ctx))
	if i.Proof == ByToken {
		c = slices.Insert(c, 0, i)
	} else {
		c = append(c, i)
	}
	return context.WithValue(ctx, callerKey{}, c)
}

// Doing returns a context whose caller acts by an identity that is enough for
// what needs that role: an admin's certificate, say, and not the join token that
// was shown beside it. Where none is enough all stays as it is.
func Doing(ctx context.Context, need Role) context.Context {
	c := From(ctx)
	at := c.enough(need)
	if at <= 0 {
		return ctx
	}
	first := Caller{c[at]}
	return context.WithValue(ctx, callerKey{}, append(first, slices.Delete(slices.Clone(c), at, at+1)...))
}

// From returns what the request of this context has proven.
func From(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
