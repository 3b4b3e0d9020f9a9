package keyring

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tocsin/prose"
)

// Held is what one node says of its keys.
type Held struct {
	// Keys are those that its gossip goes by, the one that it sends by first.
	Keys []Fingerprint `json:"keys"`
	// File is what its file says, nil where that is the same.
	File *Stray `json:"file,omitempty"`
}

// Stray is what a file says that does not say what its node goes by. It comes into
// force when the node is reloaded, or started again.
type Stray struct {
	// Keys are those in it, the primary first; none if it can't be read.
	Keys []Fingerprint `json:"keys,omitempty"`
	// Fault says why it can't be read, "" if it can.
	Fault string `json:"fault,omitempty"`
}

// Hold returns what a node says that goes by one ring and has read another one, or
// an error, from its file.
func Hold(used, kept Ring, err error) Held {
	h := Held{Keys: used.Fingerprints()}
	switch {
	case err != nil:
		h.File = &Stray{Fault: prose.OneLine(err.Error())}
	case !kept.Equal(used):
		h.File = &Stray{Keys: kept.Fingerprints()}
	}
	return h
}

// StrayFiles are the nodes whose files say something else than what they go by, in
// order.
func (s Standing) StrayFiles() []string { return slices.Sorted(maps.Keys(s.Files)) }

// Mend says what is wrong with the file of such a node, and what to do there: whether
// what it says may come into force follows from the keys of the others.
func (s Standing) Mend(node string) (text, remedy string) {
	file, goesBy := s.Files[node], "goes by no key"
	if keys := s.Rings[node]; len(keys) > 0 {
		goesBy = "goes by " + listed(keys)
	}
	if file.Fault != "" {
		return fmt.Sprintf("its file of the gossip keys can't be read, and it %s: %s", goesBy, file.Fault), "put the file of another node there before this one is started again: it would end at once"
	}
	text = fmt.Sprintf("its file of the gossip keys says %s, and it %s", listed(file.Keys), goesBy)
	after := Standing{Rings: maps.Clone(s.Rings)}
	after.Rings[node] = file.Keys
	var parted []string
	for _, other := range slices.Sorted(maps.Keys(s.Rings)) {
		if after.Part(node, other) {
			parted = append(parted, other)
		}
	}
	if len(parted) > 0 {
		return text, fmt.Sprintf("put the file of another node there; neither reload nor start this one before: with what its file says, it would not understand %s, nor be understood", prose.And(parted))
	}
	return text, `"tocsin reload" there has it go by its file; or put the file of another node there`
}

// listed names keys.
func listed(keys []Fingerprint) string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}
