package cli

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/access"
	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/fsm"
)

const tokensPath = "/v1/tokens"

func (a app) token() *cobra.Command {
	return family(&cobra.Command{
		Use:         "token create|list|revoke",
		Short:       "Say who may do what, by tokens",
		Annotations: map[string]string{help.Order: "66"},
		Long: `Whoever holds a token may do what its role says:

  read      look at everything but tokens
  operate   change what is watched, too
  admin     change members, settings and tokens, too
  join      be taken in as a new node
  node      do what nodes ask of each other, where they have no certificates

As soon as the cluster has a token, nobody comes in without one (--auth of the
agent). The commands take theirs from --token-file, or from the environment:
TOCSIN_TOKEN is the token itself, TOCSIN_TOKEN_FILE names a file.`,
		Example: `tocsin token create anna --role admin > ~/.tocsin-token
tocsin token list
tocsin token revoke anna`,
	}, a.tokenCreate(), a.tokenList(), a.tokenRevoke())
}

func (a app) tokenCreate() *cobra.Command {
	var addresses []string
	var output, role, file string
	var expires fsm.Duration
	c := &cobra.Command{
		Use:         "create NAME --role ROLE [flags]",
		Short:       "Create a token, and print it this once",
		Annotations: map[string]string{help.Order: "1"},
		Long: `Creates a token and prints it. It is shown this once: it is drawn here, and the
cluster is told no more than its hash. NAME says whose it is or what for, and
stands in the audit log.

If no answer comes, so that nobody knows whether it was created, it is printed
all the same, and the command fails and says how to find out.

With --to no node is asked: a line without the secret is appended to FILE, to
be given to the agent that founds the cluster (--bootstrap-token-file).`,
		Example: `tocsin token create grafana --role read --expires 2160h > grafana.token
tocsin token create root --role admin --to first-tokens > root.token`,
		Args: exactly("NAME"),
	}
	c.Flags().Var(config.Word(&roleWord{&role}, "role"), "role", "`role`: read, operate, admin, join or node (needed)")
	c.Flags().Var(config.Word(&expires, "duration"), "expires", "how long it lasts, such as 2160h; until it is revoked, if not given")
	c.Flags().Var(config.Text(&file, "file"), "to", "`file` of the first tokens of a cluster to be founded, in place of asking a node")
	help.Group(c, "Token", "role", "expires", "to")
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		if role == "" {
			return misuse(c, "--role is missing: give one of read, operate, admin, join and node")
		}
		if file != "" {
			if c.Flags().Changed("expires") {
				return misuse(c, "--expires is not for --to: the first tokens last until they are revoked")
			}
			return a.createForFounding(args[0], access.Role(role), file)
		}
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		token := access.NewToken()
		asked := api.TokenRequest{Name: args[0], Role: access.Role(role), ID: token.ID(), Hash: token.Hash()}
		if c.Flags().Changed("expires") {
			asked.ExpiresIn = &expires
		}
		_, created, err := client.Decoded[api.TokenCreated](nodes.Ask(c.Context(), client.Request{Method: http.MethodPost, Path: tokensPath, Body: asked}))
		if err != nil {
			return a.uncreated(output, token, asked, err)
		}
		a.say("Token %s with the role %s. It is shown this once: keep it where nobody else reads it.\n", screen.Clean(created.Name), screen.Clean(string(created.Role)))
		created.Text = token.Reveal()
		return a.printValue(output, created, func(s *screen.Screen) { s.Line("%s", created.Text) })
	}
	return c
}

// uncreated says why a token was not created. One that perhaps was is printed all
// the same: nobody could do so later.
func (a app) uncreated(output string, token access.Token, asked api.TokenRequest, err error) error {
	// Its own first try, repeated, is no conflict.
	no, refused := errors.AsType[client.Refused](err)
	if !client.Uncertain(err) || refused && no.Problem.Code == api.CodeConflict {
		return fmt.Errorf("token create: %w", err)
	}
	perhaps := struct {
		ID   string      `json:"id"`
		Name string      `json:"name"`
		Role access.Role `json:"role"`
		Text string      `json:"token"`
	}{asked.ID, asked.Name, asked.Role, token.Reveal()}
	if unshown := a.printValue(output, perhaps, func(s *screen.Screen) { s.Line("%s", perhaps.Text) }); unshown != nil {
		return errors.Join(fmt.Errorf("token create: %w", err), unshown)
	}
	return fmt.Errorf("token create: %w. The token that was printed counts if \"tocsin token list\" shows the id %s. If it is the first of the cluster, give it to that command (--token-file, or TOCSIN_TOKEN). If it is not there, throw it away and create another", err, asked.ID)
}

// createForFounding prints a token, and appends what the cluster is to know of it
// to a file.
func (a app) createForFounding(name string, role access.Role, file string) error {
	token := access.NewToken()
	record := access.Record{ID: token.ID(), Name: name, Role: role, Hash: token.Hash()}
	if err := record.Validate(); err != nil {
		return fmt.Errorf("token create: %w", err)
	}
	before, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("token create: %w", err)
	}
	if len(before) > 0 && !strings.HasSuffix(string(before), "\n") {
		before = append(before, '\n')
	}
	text := string(before) + record.Line() + "\n"
	if _, err := access.ParseRecords(text); err != nil {
		return fmt.Errorf("token create: %s: %w", file, err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return fmt.Errorf("token create: %w", err)
	}
	a.say("Token %s with the role %s, for the cluster that is founded with --bootstrap-token-file %s. It is shown this once.\n", name, role, screen.Clean(file))
	_, err = fmt.Fprintln(a.stdout, token.Reveal())
	return err
}

func (a app) tokenList() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "list [flags]",
		Short:       "List the tokens of the cluster, without what is secret",
		Annotations: map[string]string{help.Order: "2"},
		Example: `tocsin token list
tocsin token list -o json |
    jq -r '.tokens[] | select(.state == "expired") | .id'`,
		Args: exactly(),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		raw, all, err := client.Fetch[api.Tokens](c.Context(), nodes, tokensPath, nil)
		if err != nil {
			return fmt.Errorf("token list: %w", err)
		}
		if len(all.Tokens) == 0 {
			a.say("%s\n", noTokens(nodes.Anonymous()))
		}
		return a.print(output, raw, func(s *screen.Screen) { drawTokens(s, all) })
	}
	return c
}

// noTokens says what it means that there are none. Only who has shown nothing and
// was answered all the same knows that nobody is asked.
func noTokens(anonymous bool) string {
	if anonymous {
		return "No tokens: whoever reaches a node may do everything. Create the first with \"tocsin token create NAME --role admin\"."
	}
	return "No tokens."
}

func drawTokens(s *screen.Screen, all api.Tokens) {
	if len(all.Tokens) == 0 {
		return
	}
	rows := make([][]string, len(all.Tokens))
	for i, t := range all.Tokens {
		rows[i] = []string{screen.Clean(t.Name), screen.Clean(string(t.Role)), drawTokenState(s, t), screen.Day(t.Created), screen.Dash(t.By), screen.Day(t.Expires), screen.Clean(t.ID)}
	}
	s.Table([]string{"NAME", "ROLE", "STATE", "CREATED", "BY", "EXPIRES", "ID"}, rows, 0, 4)
}

func drawTokenState(s *screen.Screen, t api.Token) string {
	if t.State == access.Valid {
		return s.Paint(screen.Green, string(t.State))
	}
	return s.Paint(screen.Yellow, screen.Clean(string(t.State)))
}

func (a app) tokenRevoke() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "revoke NAME|ID [flags]",
		Short:       "Take a token back",
		Annotations: map[string]string{help.Order: "3"},
		Long: `Takes back the token of that name or id. The node that answers lets it in no
more, the others from when they hear of it, which takes moments. The last token
with the role admin stays: create another one first.`,
		Example: `tocsin token revoke grafana`,
		Args:    exactly("NAME"),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		wish := client.Request{Method: http.MethodDelete, Path: tokensPath + "/" + url.PathEscape(args[0])}
		return show(a, c, &addresses, output, wish, func(s *screen.Screen, revoked api.TokenRevoked) {
			word := "revoked"
			if !revoked.Changed {
				word = "was revoked already"
			}
			s.Line("%s %s", screen.Clean(cmp.Or(args[0], revoked.ID)), word)
		})
	}
	return c
}

// roleWord reads a role.
type roleWord struct{ role *string }

func (r *roleWord) MarshalText() ([]byte, error) { return []byte(*r.role), nil }
func (r *roleWord) UnmarshalText(text []byte) error {
	role, err := access.ParseRole(string(text))
	*r.role = string(role)
	return err
}
