package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/keyring"
	"tocsin/prose"
)

const keyringPath = "/v1/keyring"

func (a app) keyring() *cobra.Command {
	return family(&cobra.Command{
		Use:         "keyring list|install|use|remove",
		Short:       "Change the key that the gossip is encrypted by",
		Annotations: map[string]string{help.Order: "68"},
		Long: `Changes the gossip key of a running cluster in three steps, so that there is no
moment in which two nodes don't understand each other:

  install    every node opens by the new key what comes, too
  use        every node sends by it
  remove     no node takes the old one any more

Each is done on all nodes, in their --gossip-key-file too, and is refused where
it would part them. A key is named by its fingerprint, which "list" shows.`,
		Example: `tocsin keygen new.key
tocsin keyring install new.key
tocsin keyring list
tocsin keyring use 3f9a1c0d22b04e11
tocsin keyring remove 77be02c9d3a1f650`,
	}, a.keyringList(), a.keyringInstall(),
		a.keyringStep(keyring.Use, "2b", "Have all nodes send by a key that all have", `It is refused while a node does not have the key. A node that does not answer
may not have it: then it is refused too. With --force it is done without such a
node, which is not understood when it comes back, unless it is given the file of
another one first.`),
		a.keyringStep(keyring.Remove, "3", "Remove a key from all nodes", `It is refused while a node sends by the key. A node that does not answer may do
so: then it is refused too. With --force it is done without such a node, which
is not understood when it comes back, unless it is given the file of another one
first.`))
}

func (a app) keyringList() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "list [flags]",
		Short:       "Show which keys there are, and which nodes have and use them",
		Annotations: map[string]string{help.Order: "1"},
		Long: `Shows a line for each key that any node has, by its fingerprint, and below it
who does not answer, and whose file says something else than what the node goes
by, with what to do about it. What a key itself is is shown by nobody.`,
		Example: `tocsin keyring list
tocsin keyring list -o json | jq -r '.keys[].fingerprint'`,
		Args: exactly(),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return show(a, c, &addresses, output, client.Request{Path: keyringPath}, drawKeyring)
	}
	return c
}

func drawKeyring(s *screen.Screen, all api.Keyring) {
	rows := make([][]string, len(all.Keys))
	for i, k := range all.Keys {
		rows[i] = []string{screen.Clean(string(k.Fingerprint)), who(k.Installed, len(all.Nodes)), who(k.Primary, len(all.Nodes))}
	}
	if len(rows) > 0 {
		s.Table([]string{"KEY", "INSTALLED ON", "USED BY"}, rows, 1, 2)
	}
	var open []string
	for _, n := range all.Nodes {
		if n.Silent == "" && len(n.Keys) == 0 {
			open = append(open, screen.Clean(n.Node))
		}
	}
	if len(open) > 0 {
		s.Headed("not encrypted:", prose.And(open)+" gossip without a key (--gossip-key-file)")
	}
	for _, n := range all.Nodes {
		if n.Silent != "" {
			s.Headed(screen.Clean(n.Node)+" is silent:", screen.Clean(n.Silent))
		}
	}
	for _, n := range all.Nodes {
		if n.File != nil {
			s.Headed(screen.Clean(n.Node)+" has another file:", screen.Clean(n.File.Text+"; "+n.File.Remedy))
		}
	}
}

// who names nodes, in short if it is all of them: a silent one is none of those that
// have a key, whatever it has.
func who(nodes []string, of int) string {
	switch {
	case len(nodes) == 0:
		return "-"
	case len(nodes) == of && of > 1:
		return fmt.Sprintf("all %d nodes", of)
	}
	return screen.Clean(strings.Join(nodes, ", "))
}

func (a app) keyringInstall() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "install FILE [flags]",
		Short:       "Give all nodes a key, that what comes is opened by",
		Annotations: map[string]string{help.Order: "2"},
		Long: `Takes the one key in FILE, as "tocsin keygen" writes it, or from standard input
where FILE is "-". A key is no argument: those of a process are there for all
users of a machine to see.

A node that does not answer is named: repeat the command when it is back.`,
		Example: `tocsin keygen new.key && tocsin keyring install new.key
tocsin keygen | tocsin keyring install -`,
		Args: exactly("FILE"),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		key, err := oneKey(c.InOrStdin(), args[0])
		if err != nil {
			return fmt.Errorf("keyring install: %w", err)
		}
		wish := client.Request{Method: http.MethodPost, Path: keyringPath, Body: api.KeyringRequest{Key: key.Reveal()}}
		return a.rekey(c, &addresses, output, wish, "is installed on")
	}
	return c
}

// oneKey reads a key from a file, or from input where that is "-".
func oneKey(input io.Reader, name string) (keyring.Key, error) {
	var ring keyring.Ring
	var err error
	if name == "-" {
		var text []byte
		if text, err = io.ReadAll(io.LimitReader(input, maxKeyText)); err == nil {
			ring, err = keyring.Parse(string(text))
		}
	} else {
		ring, err = keyring.File(name).Load()
	}
	switch {
	case err != nil && name == "-":
		return keyring.Key{}, fmt.Errorf("standard input: %w", err)
	case errors.Is(err, os.ErrNotExist):
		return keyring.Key{}, fmt.Errorf("%w: \"tocsin keygen FILE\" makes one", err)
	case err != nil:
		return keyring.Key{}, err
	case len(ring.Keys()) > 1:
		return keyring.Key{}, fmt.Errorf("%s holds %d keys: install one at a time", name, len(ring.Keys()))
	}
	return ring.Primary(), nil
}

// maxKeyText is more than a key and its comments need, in bytes.
const maxKeyText = 4 << 10

// keyringStep is what use and remove have in common.
func (a app) keyringStep(step keyring.Step, place, short, long string) *cobra.Command {
	var addresses []string
	var output string
	var force bool
	c := &cobra.Command{
		Use:         string(step) + " KEY [flags]",
		Short:       short,
		Annotations: map[string]string{help.Order: place},
		Long:        long,
		Example:     "tocsin keyring " + string(step) + " 3f9a1c0d22b04e11",
		Args:        exactly("KEY"),
	}
	c.Flags().BoolVar(&force, "force", false, "go on without the nodes that don't answer, or have another file")
	help.Group(c, "Keys", "force")
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		wish := client.Request{Method: http.MethodPost, Path: keyringPath + "/" + url.PathEscape(args[0]) + "/use"}
		done := "is used by"
		if step == keyring.Remove {
			wish.Method, wish.Path, done = http.MethodDelete, keyringPath+"/"+url.PathEscape(args[0]), "is removed from"
		}
		if force {
			wish.Query = url.Values{"force": {"true"}}
		}
		return a.rekey(c, &addresses, output, wish, done)
	}
	return c
}

// errNotEverywhere ends a command whose answer was shown and is not what was asked
// for.
var errNotEverywhere = errors.New("it was not done on every node: see to those that are named, and repeat it")

// rekey asks for a change of the keys, and shows what became of it on each node.
func (a app) rekey(c *cobra.Command, addresses *[]string, output string, wish client.Request, done string) error {
	nodes, err := a.nodes(c, addresses)
	if err != nil {
		return err
	}
	raw, err := nodes.Ask(c.Context(), wish)
	if err != nil {
		return fmt.Errorf("%s: %w", called(c), err)
	}
	var changed api.KeyringChanged
	if err := json.Unmarshal(raw, &changed); err != nil {
		return fmt.Errorf("%s: the answer can't be read: %w", called(c), err)
	}
	if err := a.print(output, raw, func(s *screen.Screen) { drawRekeyed(s, changed, done) }); err != nil {
		return err
	}
	if !changed.Complete {
		return fmt.Errorf("%s: %w", called(c), errNotEverywhere)
	}
	return nil
}

func drawRekeyed(s *screen.Screen, changed api.KeyringChanged, done string) {
	var on []string
	for _, n := range changed.Nodes {
		if n.Done {
			on = append(on, n.Node)
		}
	}
	s.Line("%s %s %s", screen.Clean(string(changed.Fingerprint)), done, who(on, len(changed.Nodes)))
	for _, n := range changed.Nodes {
		if !n.Done {
			s.Headed(screen.Clean(n.Node)+" has not done it:", screen.Clean(n.Problem))
		}
	}
}
