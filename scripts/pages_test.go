package scripts_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what --help says into the pages of the scripts")

const pages = "../docs/scripts"

// TestPages: each script has its place in one page, below a heading with its
// name, and that begins with what --help says. The overview names it, too.
func TestPages(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(pages, "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("pages %q, %v", files, err)
	}
	overview, err := os.ReadFile(filepath.Join(pages, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range shipped(t) {
		help := "```\n" + run(t, name, nil, "--help").Stdout + "```\n"
		places := 0
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			before, after, found := strings.Cut(string(text), "\n## "+name+"\n\n```\n")
			if !found {
				continue
			}
			places++
			if !strings.Contains(string(overview), "["+name+"]("+filepath.Base(file)+"#"+strings.ReplaceAll(name, ".", "")+")") {
				t.Errorf("%s does not lead to %s in %s", filepath.Join(pages, "README.md"), name, file)
			}
			old, rest, closed := strings.Cut(after, "```\n")
			if !closed {
				t.Fatalf("%s: the help of %s has no end", file, name)
			}
			switch example := strings.Contains(section(rest), "```"); {
			case !example:
				t.Errorf("%s has no example of %s", file, name)
			case "```\n"+old+"```\n" == help:
			case *update:
				text = []byte(before + "\n## " + name + "\n\n" + help + rest)
				if err := os.WriteFile(file, text, 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("%s says of %s other things than its --help: go test ./scripts -run TestPages -update", file, name)
			}
		}
		if places != 1 {
			t.Errorf("%s has its place in %d pages below %s, and needs one: '## %[1]s', and what --help says", name, places, pages)
		}
	}
}

// section is what stands before the next heading of this kind.
func section(text string) string {
	before, _, _ := strings.Cut(text, "\n## ")
	return before
}
