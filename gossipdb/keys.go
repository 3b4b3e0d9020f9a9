package gossipdb

import (
	"errors"
	"log/slog"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/memberlist"

	"tocsin/keyring"
)

// keys are what the library encrypts by. They change while it runs.
type keys struct {
	changing sync.Mutex          // orders set, whose steps must not mix
	ring     *memberlist.Keyring // nil: all is sent in the clear; has a lock of its own
}

// newKeys returns those of a ring; of the zero one, none.
func newKeys(r keyring.Ring) (*keys, error) {
	if r.IsZero() {
		return &keys{}, nil
	}
	var all [][]byte
	for _, k := range r.Keys() {
		all = append(all, k.Bytes())
	}
	ring, err := memberlist.NewKeyring(all, r.Primary().Bytes())
	return &keys{ring: ring}, err
}

var errUnencrypted = errors.New("this gossip is not encrypted: that takes effect at the next start")

// set brings the library to another ring, and there is no moment in which a key
// that is in both of them is missing.
//
// The library reads the slice of its keys without a lock, while packets come. To
// add a key and to use one make a new slice; to remove one moves, in the very one
// that is read, what stands behind it. So nothing may stand there: the keys that
// go are brought to the end first, by using those that stay from the last to the
// first. Only where one that stays stands behind one that goes, which takes a ring
// of three, something may be sent by it in that moment.
func (k *keys) set(to keyring.Ring) error {
	if k.ring == nil || to.IsZero() {
		return errUnencrypted
	}
	k.changing.Lock()
	defer k.changing.Unlock()
	stay := to.Keys()
	for _, key := range stay {
		if err := k.ring.AddKey(key.Bytes()); err != nil {
			return err
		}
	}
	if err := k.ring.UseKey(stay[0].Bytes()); err != nil {
		return err
	}
	leaves := func(key []byte) bool { return !to.Has(keyring.FingerprintOf(key)) }
	if there := k.ring.GetKeys(); slices.ContainsFunc(there[:len(stay)], leaves) {
		for _, key := range slices.Backward(stay) {
			if err := k.ring.UseKey(key.Bytes()); err != nil {
				return err
			}
		}
	}
	for _, last := range slices.Backward(k.ring.GetKeys()[len(stay):]) {
		if err := k.ring.RemoveKey(last); err != nil {
			return err
		}
	}
	return nil
}

// SetKeys has the gossip use another ring from now on. It may be called at any
// time; a gossip that began without a key takes none, and one with a key is not
// left without.
func (g *Gossip) SetKeys(to keyring.Ring) error { return g.keys.set(to) }

// unopened reports whether the library says that something came which our keys
// don't open, or which is encrypted where nothing should be. It has no other way
// of telling. To a gossip without keys an encrypted packet looks like a ping that
// is broken.
func (k *keys) unopened(text string) bool {
	for _, begins := range [...]string{
		"Decrypt packet failed: ",
		"failed to receive: no installed keys ", "failed to receive: encryption is configured ", "failed to receive: remote state is encrypted ",
	} {
		if strings.HasPrefix(text, begins) {
			return true
		}
	}
	return k.ring == nil && strings.HasPrefix(text, "Failed to decode indirect ping request")
}

// noteUnopened counts it, and logs the first, second, fourth, eighth …: whoever
// sends it could fill the disk otherwise.
func (g *Gossip) noteUnopened(text string) {
	n := g.stats.unopened.Add(1)
	if bits.OnesCount64(n) != 1 {
		return
	}
	const have, none = "gossip came that no key of this node opens, and was dropped: its sender has another key, or none", "gossip came that is encrypted, and this node has no key: set --gossip-key-file"
	message := have
	if g.keys.ring == nil {
		message = none
	}
	g.config.Logger.Warn(message, slog.String("text", text), slog.Uint64("so_far", n))
}
