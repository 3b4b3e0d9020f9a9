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

	"tocsin/cli/help"
	"tocsin/cli/screen"
)

const pageIntro = `# The commands

What ` + "`tocsin COMMAND --help`" + ` shows, for all of them. What they exit with is told in [exit-codes.md](exit-codes.md).
` + "`tocsin completion`" + ` prints what your shell needs to complete them, ` + "`tocsin man`" + ` writes them as pages for man(1).

Data go to standard output and words about them to standard error. ` + "`-o json`" + ` is what the API answered, ` + "`-o yaml`" + ` the same as
YAML, and a table fits the terminal, or 80 columns where there is none. Colours are used on a terminal only, and not if NO_COLOR is set.

This page is generated from the commands: ` + "`go test ./cli -run TestCommandsPage -update`" + `.
`

// eachCommand calls with for c and all below it, as help orders them.
func eachCommand(c *cobra.Command, with func(*cobra.Command)) {
	with(c)
	for _, sub := range slices.SortedStableFunc(slices.Values(c.Commands()), help.ByOrder) {
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
		var text bytes.Buffer
		c.SetOut(&text)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&page, "\n## %s\n\n```\n%s```\n", c.CommandPath(), text.String())
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
		var text bytes.Buffer
		c.SetOut(&text)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		if c.Short == "" || c.Example == "" && len(c.Flags().FlagUsages()) > 80 {
			t.Errorf("%s: what is it for, and how is it called?", c.CommandPath())
		}
		for line := range strings.SplitSeq(text.String(), "\n") {
			if screen.Columns(line) > screen.Width {
				t.Errorf("%s: this line is wider than a terminal: %s", c.CommandPath(), line)
			}
		}
	})
}

// TestHelp_FitsATerminal holds every page to 80 columns and every flag to a
// heading.
func TestHelp_FitsATerminal(t *testing.T) {
	for _, command := range []string{"", "agent", "set", "get", "del", "status", "events", "version"} {
		var stdout, stderr bytes.Buffer
		a := app{stdout: &stdout, stderr: &stderr}
		args := []string{"--help"}
		if command != "" {
			args = []string{command, "--help"}
		}
		if code := a.main(args); code != 0 || stderr.Len() > 0 {
			t.Errorf("%s --help: exit code %d, %s", command, code, &stderr)
		}
		page := stdout.String()
		for line := range strings.SplitSeq(page, "\n") {
			if n := len([]rune(line)); n > screen.Width || strings.HasSuffix(line, " ") {
				t.Errorf("%s --help: %d columns: %q", command, n, line)
			}
		}
		_, other, _ := strings.Cut(page, "\nOther:\n")
		if n := strings.Count(other, "  --") + strings.Count(other, ", --"); n != 1 {
			t.Errorf("%s --help: %d flags stand under no heading:\n%s", command, n, other)
		}
	}
}

// TestElsewhere: what others call by another name is a command here, and none of
// ours has that name.
func TestElsewhere(t *testing.T) {
	root := app{}.root()
	for theirs, ours := range elsewhere() {
		if c, _, err := root.Find(strings.Fields(ours)); err != nil || !strings.HasPrefix("tocsin "+ours, c.CommandPath()) || c == root {
			t.Errorf("%s: there is no %q", theirs, ours)
		}
		if c, _, err := root.Find([]string{theirs}); err == nil && c != root {
			t.Errorf("%s is a command of ours", theirs)
		}
	}
}
