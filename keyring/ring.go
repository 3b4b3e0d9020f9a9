package keyring

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxKeys is how many keys one ring takes. Two are enough to change a key; each
// further one costs an attempt at what no key opens.
const MaxKeys = 8

// Ring is the keys of one node, the primary first. It never changes; the zero
// Ring has no key.
type Ring struct{ keys []Key }

// ErrNotInstalled says that a ring does not have the key that is meant.
var ErrNotInstalled = errors.New("the key is not installed")

// ErrPrimary says that the primary key can't be taken out of a ring.
var ErrPrimary = errors.New("the key is the primary one: use another one first")

// NewRing returns a ring of one key.
func NewRing(primary Key) Ring { return Ring{[]Key{primary}} }

// Parse reads what a file holds. It takes neither two keys that are the same nor
// none at all, and its errors name the line, and quote nothing.
func Parse(text string) (Ring, error) {
	var r Ring
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, err := ParseKey(line)
		switch {
		case err != nil:
			return Ring{}, fmt.Errorf("line %d: %w", number, err)
		case r.Has(key.Fingerprint()):
			return Ring{}, fmt.Errorf("line %d: the key %s is there twice", number, key)
		case len(r.keys) == MaxKeys:
			return Ring{}, fmt.Errorf("line %d: there are more than %d keys", number, MaxKeys)
		}
		r.keys = append(r.keys, key)
	}
	if len(r.keys) == 0 {
		return Ring{}, errors.New("there is no key in it: \"tocsin keygen\" prints one")
	}
	return r, nil
}

// Text returns what a file is to hold.
func (r Ring) Text() string {
	var b strings.Builder
	b.WriteString("# gossip keys of tocsin: the first one is sent by, all are opened by\n")
	for _, k := range r.keys {
		b.WriteString(k.Reveal() + "\n")
	}
	return b.String()
}

// IsZero reports whether there is no key.
func (r Ring) IsZero() bool { return len(r.keys) == 0 }

// Primary returns the key that all is sent by, the zero one of the zero Ring.
func (r Ring) Primary() Key {
	if r.IsZero() {
		return Key{}
	}
	return r.keys[0]
}

// Keys returns all keys, the primary first.
func (r Ring) Keys() []Key { return slices.Clone(r.keys) }

// Fingerprints returns those of all keys, the primary first.
func (r Ring) Fingerprints() []Fingerprint {
	all := make([]Fingerprint, len(r.keys))
	for i, k := range r.keys {
		all[i] = k.Fingerprint()
	}
	return all
}

// String names the keys, the primary first.
func (r Ring) String() string {
	names := make([]string, len(r.keys))
	for i, k := range r.keys {
		names[i] = k.String()
	}
	return strings.Join(names, ", ")
}

// Has reports whether a key is installed.
func (r Ring) Has(f Fingerprint) bool { return r.at(f) >= 0 }

// Equal reports whether both have the same primary and the same others, in
// whatever order.
func (r Ring) Equal(other Ring) bool {
	return r.Primary() == other.Primary() && len(r.keys) == len(other.keys) &&
		!slices.ContainsFunc(r.keys, func(k Key) bool { return !slices.Contains(other.keys, k) })
}

// Install returns r with k behind its keys. One that is there stays where it is.
func (r Ring) Install(k Key) (Ring, error) {
	switch {
	case r.Has(k.Fingerprint()):
		return r, nil
	case len(r.keys) >= MaxKeys:
		return r, fmt.Errorf("there are %d keys already: remove one first", MaxKeys)
	}
	return Ring{append(r.Keys(), k)}, nil
}

// Use returns r with that key as its primary.
func (r Ring) Use(f Fingerprint) (Ring, error) {
	at := r.at(f)
	if at < 0 {
		return r, ErrNotInstalled
	}
	others := slices.Delete(r.Keys(), at, at+1)
	return Ring{append([]Key{r.keys[at]}, others...)}, nil
}

// Remove returns r without that key. One that is not there is gone already.
func (r Ring) Remove(f Fingerprint) (Ring, error) {
	switch at := r.at(f); {
	case at == 0:
		return r, ErrPrimary
	case at > 0:
		return Ring{slices.Delete(r.Keys(), at, at+1)}, nil
	}
	return r, nil
}

func (r Ring) at(f Fingerprint) int {
	return slices.IndexFunc(r.keys, func(k Key) bool { return k.Fingerprint() == f })
}
