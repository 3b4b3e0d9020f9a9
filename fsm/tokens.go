package fsm

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"tocsin/access"
)

// MaxTokens bounds how many tokens are kept. Those that were revoked are
// forgotten, the one created first before the others, when there is need of room.
const MaxTokens = 1000

// CreateToken adds a token.
type CreateToken struct {
	Token access.Record `json:"token"`
}

// RevokeToken takes a token back, as of Time. Revoking it again changes nothing.
type RevokeToken struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
}

func (CreateToken) command() {}
func (RevokeToken) command() {}

// Token returns the record of a token.
func (v *View) Token(id string) (*access.Record, bool) { return v.tokens.Get([]byte(id)) }

// TokenCount returns how many tokens are kept, those included that open nothing
// any more. A cluster that ever had one keeps one.
func (v *View) TokenCount() int { return v.tokens.Len() }

// MakesTokens reports whether a command may leave tokens in a cluster that had none.
func MakesTokens(c Command) bool {
	switch c := c.(type) {
	case CreateToken:
		return true
	case Found:
		return len(c.Tokens) > 0
	}
	return false
}

// Tokens yields the tokens in order of their ids.
func (v *View) Tokens() iter.Seq[*access.Record] { return values(v.tokens, nil) }

func (b *builder) createToken(r access.Record) (bool, *Refusal) {
	old, exists := b.tokens.Get([]byte(r.ID))
	if exists {
		// What this compares needs no field of its own: a record that repeats another and
		// one that is refused both leave the state as it was.
		if old.Repeats(r) {
			return false, nil
		}
		return false, refuse(Conflict, "there is a token with the id %s already: create another one", r.ID)
	}
	if all := collect(b.tokens); len(all) >= MaxTokens {
		spent := firstRevoked(all)
		if spent == nil {
			return false, refuse(Conflict, "there are %d tokens already, and no more are allowed: revoke some before creating %q", len(all), r.Name)
		}
		b.tokens.Delete([]byte(spent.ID))
	}
	b.tokens.Insert([]byte(r.ID), &r)
	return true, nil
}

// firstRevoked returns the revoked token that was created first, nil if none is.
func firstRevoked(all []*access.Record) (first *access.Record) {
	for _, r := range all {
		if !r.Revoked.IsZero() && (first == nil || r.Created.Before(first.Created)) {
			first = r
		}
	}
	return first
}

func (b *builder) revokeToken(c RevokeToken) (bool, *Refusal) {
	old, ok := b.tokens.Get([]byte(c.ID))
	if !ok {
		return false, noToken(c.ID)
	}
	if !old.Revoked.IsZero() {
		return false, nil
	}
	revoked := *old
	revoked.Revoked = c.Time
	b.tokens.Insert([]byte(c.ID), &revoked)
	return true, nil
}

func noToken(id string) *Refusal {
	return refuse(NotFound, "there is no token %q: see \"tocsin token list\"", id)
}

func validateTokens(records []access.Record) error {
	var errs []error
	for _, r := range records {
		if err := r.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("token %.80q: %w", r.Name, err))
		}
	}
	return errors.Join(errs...)
}

func validateCreateToken(v *View, c CreateToken) error {
	if err := c.Token.Validate(); err != nil {
		return err
	}
	for r := range v.Tokens() {
		if r.Name == c.Token.Name && r.ID != c.Token.ID && r.Revoked.IsZero() {
			return refuse(Conflict, "there is a token named %q already, with the id %s: choose another name, or revoke that one first", r.Name, r.ID)
		}
	}
	return nil
}

// validateRevokeToken keeps the last one that can create another.
func validateRevokeToken(v *View, c RevokeToken) error {
	r, ok := v.Token(c.ID)
	if !ok {
		return noToken(c.ID)
	}
	if r.Role != access.Admin || r.State(c.Time) != access.Valid {
		return nil
	}
	for other := range v.Tokens() {
		if other.ID != r.ID && other.Role == access.Admin && other.State(c.Time) == access.Valid {
			return nil
		}
	}
	return refuse(Conflict, "%s is the last token with the role admin, and without one nobody could create another: create one first, and revoke this one with it", r.Name)
}
