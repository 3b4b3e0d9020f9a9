package cli

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"tocsin/access"
	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
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
		Example: `tocsin token create anna --role admin --out ~/.tocsin-token
tocsin token list
tocsin token revoke anna`,
	}, a.tokenCreate(), a.tokenList(), a.tokenRevoke())
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
