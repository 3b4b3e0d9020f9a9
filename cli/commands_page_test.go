package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

const pageIntro = `# The commands

What ` + "`tocsin COMMAND --help`" + ` shows, for all of them. What they exit with is told in [exit-codes.md](exit-codes.md).
` + "`tocsin completion`" + ` prints what your shell needs to complete them, ` + "`tocsin man`" + ` writes them as pages for man(1).

Data go to standard output and words about them to standard error. ` + "`-o json`" + ` is what the API answered, ` + "`-o yaml`" + ` the same as
YAML, and a table fits 80 columns. Colours are used on a terminal only, and not if NO_COLOR is set.

This page is generated from the commands: ` + "`go test ./cli -run TestCommandsPage -update`" + `.
`

// eachCommand calls with for c and all below it, as help orders them.
func eachCommand(c *cobra.Command, with func(*cobra.Command)) {
	with(c)
	for _, sub := range slices.SortedStableFunc(slices.Values(c.Commands()), byOrder) {
		if sub.IsAvailableCommand() {
			eachCommand(sub, with)
		}
	}
}

// TestCommandsPage: the page of the commands is what they say themselves.
func TestCommandsPage(t *testing.T) {
	var page bytes.Buffer
	page.WriteString(pageIntro)
	root := app{}.root()
	eachCommand(root, func(c *cobra.Command) {
		var help bytes.Buffer
		c.SetOut(&help)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&page, "\n## %s\n\n```\n%s```\n", c.CommandPath(), help.String())
	})
	name := filepath.Join("..", "docs", "reference", "commands.md")
	if *update {
		if err := os.WriteFile(name, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != page.String() {
		t.Errorf("%s is not what the commands say: run go test ./cli -run TestCommandsPage -update, and look at what changes", name)
	}
}

// TestCommands_HaveAGoodFirstScreen: every command says in a line what it is
// for, shows an example, and fits a terminal.
func TestCommands_HaveAGoodFirstScreen(t *testing.T) {
	eachCommand(app{}.root(), func(c *cobra.Command) {
		var help bytes.Buffer
		c.SetOut(&help)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		if c.Short == "" || c.Example == "" && len(c.Flags().FlagUsages()) > 80 {
			t.Errorf("%s: what is it for, and how is it called?", c.CommandPath())
		}
		for line := range strings.SplitSeq(help.String(), "\n") {
			if visible(line) > tableWidth {
				t.Errorf("%s: this line is wider than a terminal: %s", c.CommandPath(), line)
			}
		}
	})
}
