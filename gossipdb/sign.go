package gossipdb

import (
	"crypto/ed25519"
	"encoding/binary"
)

// Signing is the key of a node, and those of the others. Who has the key of the
// gossip can speak to all; with this they still can't vote for another, nor
// bring in a ballot that its node never made, however new it says that it is.
// The zero value signs nothing and asks nobody for a signature.
//
// What is signed is everything in a ballot and the id of its cluster, so that no
// signature is good for anything else. Its age is not: every node that passes a
// ballot on adds to it. So a replayed ballot is good, and of no use, for where
// a newer one is held it is dropped.
type Signing struct {
	// Key signs the ballots of this node; nil signs none.
	Key ed25519.PrivateKey
	// KeyOf returns the public key that a node has registered, nil if it is known
	// and has none; known is false for one that is no observer, as far as this
	// node has heard: its ballots count for nothing, and are not kept. It is asked
	// for each ballot and must not block. Nil: nobody owes a signature.
	KeyOf func(node string) (key ed25519.PublicKey, known bool)
	// Cluster returns the id of the cluster. It must not block. Nil: "".
	Cluster func() string
}

// statement returns what is signed of a ballot.
func (s Signing) statement(b *Ballot) []byte {
	cluster := ""
	if s.Cluster != nil {
		cluster = s.Cluster()
	}
	text := make([]byte, 0, maxBallot)
	text = append(text, "tocsin ballot\x00"...)
	text = binary.AppendUvarint(text, uint64(len(cluster)))
	text = append(text, cluster...)
	return b.appendUnsigned(text)
}

// sign puts the signature of this node on a ballot that nobody has seen yet.
func (s Signing) sign(b *Ballot) *Ballot {
	if len(s.Key) == ed25519.PrivateKeySize {
		b.Signature = ed25519.Sign(s.Key, s.statement(b))
	}
	return b
}

// holds reports whether a ballot has the signature that its node owes.
func (s Signing) holds(b *Ballot) bool {
	if s.KeyOf == nil {
		return true
	}
	key, known := s.KeyOf(b.Node)
	switch {
	case !known:
		return false
	case len(key) == 0:
		return true
	case len(key) != ed25519.PublicKeySize || len(b.Signature) != ed25519.SignatureSize:
		return false
	}
	return ed25519.Verify(key, s.statement(b), b.Signature)
}

// owed reports whether a ballot without any signature should have one.
func (s Signing) owed(b *Ballot) bool { return len(b.Signature) == 0 && !s.holds(b) }

// olderThanHeld reports whether b is older than what is held, and so need not be
// looked at more closely: nothing will come of it.
func (d *DB) olderThanHeld(b *Ballot) bool {
	held, ok := d.Table().Get(b.Node, b.Page)
	return ok && held.Ballot.Version().Compare(b.Version()) > 0 && !d.signing.owed(held.Ballot)
}
