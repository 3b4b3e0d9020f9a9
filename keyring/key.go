package keyring

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
)

// Size is how many bytes a key has: those of AES-256.
const Size = 32

// fingerprintBytes is how much of the hash is shown: enough to tell keys apart.
const fingerprintBytes = 8

// encoding has one text for each key.
var encoding = base64.StdEncoding.Strict()

// Key is one key. It prints as its fingerprint; Reveal has the text. The zero
// Key is none.
type Key struct{ secret [Size]byte }

// Fingerprint names a key without telling it: 16 hexadecimal digits.
type Fingerprint string

// NewKey draws one.
func NewKey() Key {
	var k Key
	_, _ = rand.Read(k.secret[:]) // never fails: the program ends instead
	return k
}

// ErrNoKey says that a text is no key. It does not quote the text, which may be
// one with a slip in it.
var ErrNoKey = errors.New("this is no key: a key is 32 random bytes as base64, 44 characters, as \"tocsin keygen\" prints it")

// ParseKey reads the text of a key.
func ParseKey(text string) (Key, error) {
	if len(text) != encoding.EncodedLen(Size) {
		return Key{}, ErrNoKey
	}
	secret, err := encoding.DecodeString(text)
	if err != nil || len(secret) != Size {
		return Key{}, ErrNoKey
	}
	k := Key{[Size]byte(secret)}
	if k == (Key{}) {
		return Key{}, ErrNoKey // nobody has drawn that
	}
	return k, nil
}

// Reveal returns the text, for the file that keeps it and for the call that
// carries it to a node.
func (k Key) Reveal() string { return encoding.EncodeToString(k.secret[:]) }

// Bytes returns the key itself, for what encrypts by it.
func (k Key) Bytes() []byte { return append([]byte(nil), k.secret[:]...) }

// Fingerprint returns the name of the key.
func (k Key) Fingerprint() Fingerprint { return FingerprintOf(k.secret[:]) }

// FingerprintOf returns the name of the key with these bytes.
func FingerprintOf(secret []byte) Fingerprint {
	sum := sha256.Sum256(secret)
	return Fingerprint(hex.EncodeToString(sum[:fingerprintBytes]))
}

// String hides the key, wherever one is printed.
func (k Key) String() string { return string(k.Fingerprint()) }

// GoString hides it from %#v, MarshalText from encoders, LogValue from logs.
func (k Key) GoString() string { return k.String() }

// MarshalText returns what String does: a key in a call has to be put there on
// purpose.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// LogValue implements slog.LogValuer.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }
