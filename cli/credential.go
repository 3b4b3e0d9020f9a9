package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/access"
)

// tokenVariable holds a token itself. There is no such flag: the arguments of a
// process are there for every user of the machine to see.
const tokenVariable = "TOCSIN_TOKEN"

// maxTokenFile bounds what is read of a file that should hold a token.
const maxTokenFile = 4 << 10

// tokenFlag adds --token-file to c.
func tokenFlag(c *cobra.Command) {
	c.Flags().String("token-file", "", "`file` with the token to show (or TOCSIN_TOKEN_FILE; TOCSIN_TOKEN is the token itself)")
	group(c, "Node", "token-file")
}

// tokenToShow returns the token that c was given, or else the one in the file of
// the client's configuration; the zero one if there is none.
func tokenToShow(c *cobra.Command, otherwise string) (access.Token, error) {
	given := c.Flags().Changed("token-file")
	if text := os.Getenv(tokenVariable); text != "" && !given {
		token, err := access.ParseToken(strings.TrimSpace(text))
		if err != nil {
			return token, misuse(c, "environment variable %s: %w", tokenVariable, err)
		}
		return token, nil
	}
	if err := fromEnvironment(c, "token-file"); err != nil {
		return access.Token{}, err
	}
	name, err := c.Flags().GetString("token-file")
	if err != nil {
		return access.Token{}, err
	}
	if name = cmp.Or(name, otherwise); name == "" {
		return access.Token{}, nil
	}
	token, err := readTokenFile(name)
	if err != nil {
		return token, misuse(c, "--token-file: %w", err)
	}
	return token, nil
}

// readTokenFile reads a token and nothing else. Its errors never quote the file.
func readTokenFile(name string) (access.Token, error) {
	file, err := os.Open(name)
	if err != nil {
		return access.Token{}, err
	}
	defer file.Close() // nothing is written to it: there is no error to miss
	text, err := io.ReadAll(io.LimitReader(file, maxTokenFile))
	if err != nil {
		return access.Token{}, err
	}
	token, err := access.ParseToken(strings.TrimSpace(string(text)))
	if err != nil {
		return token, fmt.Errorf("%s: %w", name, err)
	}
	return token, nil
}
