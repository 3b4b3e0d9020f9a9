package client

import (
	"fmt"
	"io"
	"os"
	"strings"

	"tocsin/access"
)

// maxTokenFile bounds what is read of a file that should hold a token.
const maxTokenFile = 4 << 10

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
