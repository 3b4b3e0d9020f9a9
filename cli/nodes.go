package cli

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/access"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/config"
	"tocsin/prose"
)

// How a command that asks nodes is told how to reach them. A flag counts before
// the environment, that before the client file.

// addressFlag adds --address to c, and what is shown to the node there.
func addressFlag(c *cobra.Command, addresses *[]string) {
	c.Flags().Var(config.List(addresses), "address", "HTTP addresses of nodes, with commas, tried in turn (default "+client.DefaultAddress+", or TOCSIN_ADDRESS)")
	help.Group(c, "Node", "address")
	addConnectionFlags(c)
	tokenFlag(c)
}

// nodes returns a client of the nodes that c was told of.
func (a app) nodes(c *cobra.Command, addresses *[]string) (*client.Client, error) {
	token, err := tokenOf(c)
	if err != nil {
		return nil, err
	}
	if err := fromEnvironment(c, append(connectionFlags(), "address", "token-file")...); err != nil {
		return nil, err
	}
	told := func(name string) string { return c.Flags().Lookup(name).Value.String() }
	to, err := client.New(client.Options{
		Addresses: *addresses, File: told("client"), CA: told("ca"), Cert: told("cert"), CertKey: told("cert-key"),
		Token: token, TokenFile: told("token-file"),
		Say: func(sentence string) { a.say("tocsin: %s\n", prose.OneLine(sentence)) },
	})
	if err != nil {
		return nil, misuse(c, "%w", err)
	}
	return to, nil
}

// tokenOf returns the token in the environment; the zero one if there is none, or
// the command line names a file.
func tokenOf(c *cobra.Command) (access.Token, error) {
	text := os.Getenv(tokenVariable)
	if text == "" || c.Flags().Changed("token-file") {
		return access.Token{}, nil
	}
	token, err := access.ParseToken(strings.TrimSpace(text))
	if err != nil {
		return token, misuse(c, "environment variable %s: %w", tokenVariable, err)
	}
	return token, nil
}

// connectionFlags are those of addressFlag beside --address. The key is not called
// --key: TOCSIN_KEY is what a script is told of an endpoint.
func connectionFlags() []string { return []string{"client", "ca", "cert", "cert-key"} }

func addConnectionFlags(c *cobra.Command) {
	f := c.Flags()
	f.String("client", "", "`file` with all of this, as \"tocsin init\" writes it (or TOCSIN_CLIENT; default client.yaml in "+configHome()+", if it is there)")
	f.String("ca", "", "`file` with the CAs to believe: speaks TLS (or TOCSIN_CA)")
	f.String("cert", "", "`file` with the certificate to show (or TOCSIN_CERT)")
	f.String("cert-key", "", "`file` with its key (or TOCSIN_CERT_KEY)")
	help.Group(c, "Node", connectionFlags()...)
}

// configHome is where the client file is looked for, as a person writes it.
func configHome() string { return "~/.config/tocsin" }

// tokenVariable holds a token itself. There is no such flag: the arguments of a
// process are there for every user of the machine to see.
const tokenVariable = "TOCSIN_TOKEN"

// tokenFlag adds --token-file to c.
func tokenFlag(c *cobra.Command) {
	c.Flags().String("token-file", "", "`file` with the token to show (or TOCSIN_TOKEN_FILE; TOCSIN_TOKEN is the token itself)")
	help.Group(c, "Node", "token-file")
}
