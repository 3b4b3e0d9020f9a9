package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/keyring"
)

func (a app) keygen() *cobra.Command {
	c := &cobra.Command{
		Use:         "keygen [FILE]",
		Short:       "Make a key that the gossip is encrypted by",
		Annotations: map[string]string{help.Order: "67"},
		Long: `Prints a new key, or writes it into FILE, which its owner alone can read and
which must not be there yet. An agent is given the file by --gossip-key-file;
all nodes of a cluster have the same key. "tocsin init" makes one for a whole
cluster.

The file holds a key a line, 32 random bytes as base64. The first is the one
that is sent by, and what arrives is opened by any. What follows a # is a
comment.`,
		Example: `tocsin keygen gossip.key
tocsin keygen | ssh root@10.1.0.4 'umask 077; cat > gossip.key'`,
		Args: atMostOne,
	}
	c.RunE = func(_ *cobra.Command, args []string) error {
		key := keyring.NewKey()
		if len(args) == 0 {
			_, err := fmt.Fprintln(a.stdout, key.Reveal())
			return err
		}
		if err := keyring.File(args[0]).Create(keyring.NewRing(key)); err != nil {
			return fmt.Errorf("keygen: %w", err)
		}
		return a.tell(fmt.Sprintf("made the gossip key %s in %s", key, screen.Clean(args[0])))
	}
	return c
}
