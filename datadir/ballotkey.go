package datadir

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/google/renameio/v2"

	"tocsin/fsync"
)

// ballotKeyName is the file with the seed of the key that this node's ballots are
// signed by. It never leaves the disk; a node that has lost it draws another one,
// and registers that when it starts.
const ballotKeyName = "ballot.key"

// BallotKey returns the key in the data directory, and makes one if there is
// none.
func (d *Dir) BallotKey() (ed25519.PrivateKey, error) {
	path := d.path(ballotKeyName)
	seed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			return nil, fmt.Errorf("draw a key for ballots: %w", err)
		}
		if err := renameio.WriteFile(path, key.Seed(), 0o600); err != nil {
			return nil, fmt.Errorf("keep the key of the ballots: %w", err)
		}
		return key, fsync.Directory(d.root)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of the ballots: %w", err)
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%s is damaged: it has %d bytes, and a key has %d: remove it and start again, the node then draws and registers another one", path, len(seed), ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}
