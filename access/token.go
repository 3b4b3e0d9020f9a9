package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
)

// The parts of a token's text: tocsin_ID_SECRET. The word in front lets a
// scanner find one that was left in a repository.
const (
	tokenWord   = "tocsin"
	idBytes     = 5 // 8 characters: they need not be secret, only apart
	secretBytes = 32
)

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// Token is what somebody holds. It prints as its id alone; Reveal has the text.
type Token struct {
	id, secret string
}

// NewToken draws one.
func NewToken() Token {
	draw := func(n int) string {
		b := make([]byte, n)
		_, _ = rand.Read(b) // never fails: the program ends instead
		return strings.ToLower(encoding.EncodeToString(b))
	}
	return Token{id: draw(idBytes), secret: draw(secretBytes)}
}

// ErrNoToken says that a text is no token. It does not quote the text, which may
// be one with a slip in it.
var ErrNoToken = errors.New("this is no token of Tocsin: it looks like tocsin_ID_SECRET, as \"tocsin token create\" has shown it once")

// ParseToken reads the text of a token.
func ParseToken(text string) (Token, error) {
	parts := strings.Split(text, "_")
	if len(parts) != 3 || parts[0] != tokenWord || !drawn(parts[1], idBytes) || !drawn(parts[2], secretBytes) {
		return Token{}, ErrNoToken
	}
	return Token{id: parts[1], secret: parts[2]}, nil
}

// drawn reports whether text is what NewToken makes of n bytes.
func drawn(text string, n int) bool {
	if len(text) != encoding.EncodedLen(n) || text != strings.ToLower(text) {
		return false
	}
	_, err := encoding.DecodeString(strings.ToUpper(text))
	return err == nil
}

// Reveal returns the text, for the one who is to hold it and for the header
// that carries it.
func (t Token) Reveal() string { return tokenWord + "_" + t.id + "_" + t.secret }

// ID returns the part that is no secret.
func (t Token) ID() string { return t.id }

// IsZero reports whether there is no token.
func (t Token) IsZero() bool { return t == Token{} }

// String hides the secret, wherever a token is printed.
func (t Token) String() string { return tokenWord + "_" + t.id + "_…" }

// GoString hides it from %#v, MarshalText from encoders, LogValue from logs.
func (t Token) GoString() string { return t.String() }

// MarshalText returns what String does: a token in an answer has to be put there
// on purpose.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue implements slog.LogValuer.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Hash returns what a Record keeps of the token.
func (t Token) Hash() string {
	sum := sha256.Sum256([]byte(t.Reveal()))
	return hex.EncodeToString(sum[:])
}

// matches compares in a time that does not tell how much of the hash was right.
func (t Token) matches(hash string) bool {
	return subtle.ConstantTimeCompare([]byte(t.Hash()), []byte(hash)) == 1
}

// bearer is the scheme of RFC 6750, compared without regard to case.
const bearer = "bearer "

// FromHeader reads the value of an Authorization header. It returns false for
// no error if the header is empty.
func FromHeader(value string) (Token, bool, error) {
	if value == "" {
		return Token{}, false, nil
	}
	if len(value) < len(bearer) || !strings.EqualFold(value[:len(bearer)], bearer) {
		return Token{}, false, errors.New("the header Authorization is not of the form Bearer TOKEN")
	}
	t, err := ParseToken(strings.TrimSpace(value[len(bearer):]))
	return t, err == nil, err
}

// Header returns the value of the Authorization header that carries t.
func (t Token) Header() string { return "Bearer " + t.Reveal() }
