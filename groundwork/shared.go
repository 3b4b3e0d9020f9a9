package groundwork

import (
	"fmt"
	"os"
	"path/filepath"

	"tocsin/access"
	"tocsin/keyring"
	"tocsin/secretfile"
)

// The files in the folder of a node that are the same in all; the first tokens are
// in that of the node alone that founds the cluster.
const (
	gossipKeyFile   = "keyring/gossip.key" // alone in its folder, in which "tocsin keyring" has the agent write
	joinTokenFile   = "join.token"
	firstTokensFile = "first-tokens"
)

// joinTokenName is what the cluster calls the token of the nodes.
const joinTokenName = "nodes"

// shared is what the nodes of a cluster have in common, and know each other by.
type shared struct {
	ring        keyring.Ring
	join, admin access.Token
	// first is what the cluster is founded with: the hashes of both tokens.
	first string
}

// newShared draws it. The admin is called operator.
func newShared(operator string) (shared, error) {
	s := shared{ring: keyring.NewRing(keyring.NewKey()), join: access.NewToken(), admin: access.NewToken()}
	for _, r := range []access.Record{
		{ID: s.admin.ID(), Name: operator, Role: access.Admin, Hash: s.admin.Hash()},
		{ID: s.join.ID(), Name: joinTokenName, Role: access.Join, Hash: s.join.Hash()},
	} {
		s.first += r.Line() + "\n"
	}
	if _, err := access.ParseRecords(s.first); err != nil {
		return shared{}, fmt.Errorf("the operator %q can't have a token: %w", operator, err)
	}
	return s, nil
}

// give puts it into the folder of a node.
func (s shared) give(in string, founds bool) error {
	key := filepath.Join(in, gossipKeyFile)
	if err := os.Mkdir(filepath.Dir(key), 0o700); err != nil {
		return err
	}
	if err := keyring.File(key).Create(s.ring); err != nil {
		return err
	}
	if founds {
		if err := secretfile.Create(filepath.Join(in, firstTokensFile), []byte(s.first)); err != nil {
			return err
		}
	}
	return secretfile.Create(filepath.Join(in, joinTokenFile), []byte(s.join.Reveal()+"\n"))
}
