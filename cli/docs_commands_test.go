package cli

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDocs_ShowCommandsThatThereAre: every command that stands in a page can be
// typed: there is one of that name, with those flags and as many arguments.
func TestDocs_ShowCommandsThatThereAre(t *testing.T) {
	tried := 0
	for _, page := range pagesOf(t) {
		for _, words := range commandsIn(t, page) {
			tried++
			root := app{stdout: io.Discard, stderr: io.Discard}.root()
			c, rest, err := root.Find(words)
			if err == nil {
				err = c.ParseFlags(rest)
			}
			if err == nil {
				err = c.ValidateArgs(c.Flags().Args())
			}
			if err != nil {
				t.Errorf("%s: tocsin %s: %v", page, strings.Join(words, " "), err)
			}
		}
	}
	if tried < 50 {
		t.Errorf("only %d commands were found", tried)
	}
}

func pagesOf(t *testing.T) (pages []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join("..", "docs"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" && filepath.Base(path) != "commands.md" { // that one is generated
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(pages, filepath.Join("..", "README.md"))
}

// commandsIn returns the commands in the code of a page, without what a shell
// does with them. What is left out with "…" is not for typing.
func commandsIn(t *testing.T, page string) (all [][]string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for line := range strings.SplitSeq(strings.ReplaceAll(string(text), "\\\n", " "), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			inside = !inside
			continue
		}
		line = strings.TrimPrefix(strings.TrimSpace(line), "$ ")
		if !inside || !strings.HasPrefix(line, "tocsin ") || strings.Contains(line, "…") {
			continue
		}
		words := shellWords(line)
		if end := slices.IndexFunc(words, func(w string) bool { return strings.ContainsAny(w[:min(1, len(w))], "|&>;<#") }); end >= 0 {
			words = words[:end]
		}
		if all = append(all, words[1:]); slices.Contains(words, "COMMAND") {
			all = all[:len(all)-1]
		}
	}
	return all
}

// shellWords takes a line apart as a shell does, as far as these pages go.
func shellWords(line string) (words []string) {
	var word strings.Builder
	var quote rune
	open := false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, open = r, true
		case r == ' ' || r == '\t':
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if open {
		words = append(words, word.String())
	}
	return words
}
