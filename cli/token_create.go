package cli

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/access"
	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/fsm"
	"tocsin/secretfile"
)

func (a app) tokenCreate() *cobra.Command {
	var addresses []string
	var output, role, to, out string
	var expires fsm.Duration
	c := &cobra.Command{
		Use:         "create NAME --role ROLE [flags]",
		Short:       "Create a token, and show it this once",
		Annotations: map[string]string{help.Order: "1"},
		Long: `Creates a token and prints it, or writes it into the file of --out, which its
owner alone can read and which must not be there yet. It is shown this once: it
is drawn here, and the cluster is told no more than its hash. NAME says whose it
is or what for, and stands in the audit log.

If no answer comes, so that nobody knows whether it was created, it is shown all
the same, and the command fails and says how to find out.

With --to no node is asked: a line without the secret is appended to FILE, to
be given to the agent that founds the cluster (--bootstrap-token-file).`,
		Example: `tocsin token create grafana --role read --expires 90d --out grafana.token
tocsin token create root --role admin --to first-tokens --out root.token`,
		Args: exactly("NAME"),
	}
	c.Flags().Var(config.Word(&roleWord{&role}, "role"), "role", "`role`: read, operate, admin, join or node (needed)")
	c.Flags().Var(config.Word(&expires, "duration"), "expires", "how long it lasts, such as 90d; until it is revoked, if not given")
	c.Flags().Var(config.Text(&to, "file"), "to", "`file` of the first tokens of a cluster to be founded, in place of asking a node")
	c.Flags().Var(config.Text(&out, "file"), "out", "`file` to write the token to, in place of printing it; as --token-file takes it")
	help.Group(c, "Token", "role", "expires", "to", "out")
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		if role == "" {
			return misuse(c, "--role is missing: give one of read, operate, admin, join and node")
		}
		if to != "" && c.Flags().Changed("expires") {
			return misuse(c, "--expires is not for --to: the first tokens last until they are revoked")
		}
		token := access.NewToken()
		asked := api.TokenRequest{Name: args[0], Role: access.Role(role), ID: token.ID(), Hash: token.Hash()}
		if c.Flags().Changed("expires") {
			asked.ExpiresIn = &expires
		}
		register := func() (api.TokenCreated, error) { return a.askForToken(c, &addresses, asked) }
		if to != "" {
			register = func() (api.TokenCreated, error) { return noteForFounding(to, asked) }
		}
		if err := a.handOut(drawn{token, out, output}, asked, register); err != nil {
			return fmt.Errorf("token create: %w", err)
		}
		return nil
	}
	return c
}

// drawn is a token that only this command has, and how it is shown: in a file, or
// printed in a format.
type drawn struct {
	token  access.Token
	file   string
	format string
}

// handOut has a token registered and shows it. A file is written before: that it
// can't be is found out while there is no token that nobody has.
func (a app) handOut(d drawn, asked api.TokenRequest, register func() (api.TokenCreated, error)) error {
	if d.file != "" {
		if err := secretfile.Create(d.file, []byte(d.token.Reveal()+"\n")); err != nil {
			return err
		}
	}
	created, err := register()
	switch {
	case err == nil && d.file != "":
		return a.printValue(d.format, created, func(s *screen.Screen) {
			s.Line("made the token %s with the role %s in %s", screen.Clean(created.Name), created.Role, screen.Clean(d.file))
		})
	case err == nil:
		a.say("Token %s with the role %s. It is shown this once: keep it where nobody else reads it.\n", screen.Clean(created.Name), screen.Clean(string(created.Role)))
		created.Text = d.token.Reveal()
		return a.printValue(d.format, created, func(s *screen.Screen) { s.Line("%s", created.Text) })
	case mayCount(err):
		return a.uncreated(d, asked, err)
	case d.file != "":
		return errors.Join(err, os.Remove(d.file))
	}
	return err
}

// mayCount reports whether a token was perhaps created in spite of err.
func mayCount(err error) bool {
	// Its own first try, repeated, is no conflict.
	no, refused := errors.AsType[client.Refused](err)
	return client.Uncertain(err) && !(refused && no.Problem.Code == api.CodeConflict)
}

// uncreated says why a token was perhaps not created. It is shown all the same:
// nobody could do so later.
func (a app) uncreated(d drawn, asked api.TokenRequest, err error) error {
	perhaps := struct {
		ID   string      `json:"id"`
		Name string      `json:"name"`
		Role access.Role `json:"role"`
		Text string      `json:"token"`
	}{asked.ID, asked.Name, asked.Role, d.token.Reveal()}
	where, discard := "that was printed", "it"
	if d.file != "" {
		where, discard = "in "+d.file, d.file
	} else if unshown := a.printValue(d.format, perhaps, func(s *screen.Screen) { s.Line("%s", perhaps.Text) }); unshown != nil {
		return errors.Join(err, unshown)
	}
	return fmt.Errorf("%w. The token %s counts if \"tocsin token list\" shows the id %s. If it is the first of the cluster, give it to that command (--token-file, or TOCSIN_TOKEN). If it is not there, throw %s away and create another", err, where, asked.ID, discard)
}

// askForToken has a node register one.
func (a app) askForToken(c *cobra.Command, addresses *[]string, asked api.TokenRequest) (created api.TokenCreated, err error) {
	nodes, err := a.nodes(c, addresses)
	if err != nil {
		return created, err
	}
	_, created, err = client.Decoded[api.TokenCreated](nodes.Ask(c.Context(), client.Request{Method: http.MethodPost, Path: tokensPath, Body: asked}))
	return created, err
}

// noteForFounding appends what a cluster that is to be founded is to know of one to
// a file.
func noteForFounding(file string, asked api.TokenRequest) (created api.TokenCreated, err error) {
	record := access.Record{ID: asked.ID, Name: asked.Name, Role: asked.Role, Hash: asked.Hash}
	if err := record.Validate(); err != nil {
		return created, err
	}
	before, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return created, err
	}
	if len(before) > 0 && !strings.HasSuffix(string(before), "\n") {
		before = append(before, '\n')
	}
	text := string(before) + record.Line() + "\n"
	if _, err := access.ParseRecords(text); err != nil {
		return created, fmt.Errorf("%s: %w", file, err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return created, err
	}
	return api.TokenCreated{Token: api.Token{ID: asked.ID, Name: asked.Name, Role: asked.Role, State: access.Valid, Created: time.Now()}, Changed: true}, nil
}

// roleWord reads a role.
type roleWord struct{ role *string }

func (r *roleWord) MarshalText() ([]byte, error) { return []byte(*r.role), nil }
func (r *roleWord) UnmarshalText(text []byte) error {
	role, err := access.ParseRole(string(text))
	*r.role = string(role)
	return err
}
