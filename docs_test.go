package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// index is the page that all others are found from.
var index = filepath.Join("docs", "README.md")

// TestDocs_EveryPageIsInTheIndex: a page that nobody links is read by nobody.
func TestDocs_EveryPageIsInTheIndex(t *testing.T) {
	linked := map[string]bool{index: true}
	for _, link := range linksOf(t, index) {
		path, _, _ := strings.Cut(link, "#")
		linked[filepath.Join("docs", path)] = true
	}
	found := 0
	for _, page := range markdown(t, "docs") {
		found++
		if !linked[page] {
			t.Errorf("%s is not linked from %s", page, index)
		}
	}
	if found < 20 {
		t.Errorf("only %d pages were found", found)
	}
}

// TestDocs_NoLinkIsBroken: what a page links is there, and has that heading.
func TestDocs_NoLinkIsBroken(t *testing.T) {
	for _, page := range markdown(t, ".") {
		for _, link := range linksOf(t, page) {
			path, heading, _ := strings.Cut(link, "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links %s, which is not there", page, link)
				continue
			}
			if heading != "" && strings.HasSuffix(target, ".md") && !headings(t, target)[heading] {
				t.Errorf("%s links %s, and there is no such heading", page, link)
			}
		}
	}
}

// markdown returns all pages below a folder.
func markdown(t *testing.T, below string) (pages []string) {
	t.Helper()
	err := filepath.WalkDir(below, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || path == "data"):
			return filepath.SkipDir
		case filepath.Ext(path) == ".md":
			pages = append(pages, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

var (
	fenced = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	quoted = regexp.MustCompile("`[^`\n]*`")
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// prose is a page without its code.
func prose(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return fenced.ReplaceAllString(string(text), "")
}

// linksOf returns the links of a page that lead to files of ours.
func linksOf(t *testing.T, page string) (links []string) {
	t.Helper()
	for _, found := range link.FindAllStringSubmatch(quoted.ReplaceAllString(prose(t, page), "code"), -1) {
		if !strings.Contains(found[1], "://") && !strings.HasPrefix(found[1], "mailto:") {
			links = append(links, found[1])
		}
	}
	return links
}

// headings returns the anchors of a page, as GitHub makes them.
func headings(t *testing.T, page string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for line := range strings.Lines(prose(t, page)) {
		if !strings.HasPrefix(line, "#") {
			continue
		}
		text := strings.ToLower(strings.TrimSpace(strings.TrimLeft(line, "#")))
		all[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return r
			}
			return -1
		}, text)] = true
	}
	return all
}
