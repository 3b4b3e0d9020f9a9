package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/cli/client"
	"tocsin/cli/screen"
)

// The ways in which commands ask nodes. Each says in its errors which command it was.

// called is how c is called, without the name of the program.
func called(c *cobra.Command) string { return strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ") }

// show asks for a T and shows it. Asking may do something, as a check does.
func show[T any](a app, c *cobra.Command, addresses *[]string, output string, wish client.Request, draw func(*screen.Screen, T)) error {
	nodes, err := a.nodes(c, addresses)
	if err != nil {
		return err
	}
	raw, told, err := client.Decoded[T](nodes.Ask(c.Context(), wish))
	if err != nil {
		return fmt.Errorf("%s: %w", called(c), err)
	}
	return a.print(output, raw, func(s *screen.Screen) { draw(s, told) })
}

// change asks for a change that is answered with a T, and says in words what came
// of it; to programs it shows the answer.
func change[T any](a app, c *cobra.Command, addresses *[]string, output string, wish client.Request, words func(T) string) error {
	raw, done, err := changed[T](a, c, addresses, wish)
	if err != nil {
		return err
	}
	if output != screen.AsTable {
		return a.print(output, raw, nil)
	}
	a.say("%s\n", words(done))
	return nil
}

// changed asks for a change, and returns its answer as it came and as a T.
func changed[T any](a app, c *cobra.Command, addresses *[]string, wish client.Request) (raw []byte, done T, err error) {
	nodes, err := a.nodes(c, addresses)
	if err != nil {
		return nil, done, err
	}
	if raw, err = nodes.Ask(c.Context(), wish); err != nil {
		return nil, done, fmt.Errorf("%s: %w", called(c), err)
	}
	if err := json.Unmarshal(raw, &done); err != nil {
		return nil, done, fmt.Errorf("%s: it was done, and the answer can't be read: %w", called(c), err)
	}
	return raw, done, nil
}

// put asks for something to be as it is told, and says in a word what that took:
// added, changed or unchanged.
func (a app) put(c *cobra.Command, addresses *[]string, wish client.Request) error {
	type answer struct{ Added, Changed bool } // as all answers to such writes have them
	_, done, err := changed[answer](a, c, addresses, wish)
	switch {
	case err != nil:
		return err
	case done.Added:
		return a.tell("added")
	case done.Changed:
		return a.tell("changed")
	}
	return a.tell("unchanged")
}

// write asks for a change, and says no more than that it was done.
func (a app) write(c *cobra.Command, addresses *[]string, wish client.Request) error {
	nodes, err := a.nodes(c, addresses)
	if err != nil {
		return err
	}
	if _, err := nodes.Ask(c.Context(), wish); err != nil && !(wish.Method == http.MethodDelete && client.AlreadyDone(err)) {
		return fmt.Errorf("%s: %w", called(c), err)
	}
	return a.tell("ok")
}
