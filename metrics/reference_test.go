package metrics_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tocsin/metrics"
)

var update = flag.Bool("update", false, "write docs/reference/metrics.md anew")

// TestReference holds the page of the documentation to what there is.
func TestReference(t *testing.T) {
	const begin, end = "<!-- begin: written by go test ./metrics -update -->\n\n", "<!-- end -->"
	name := filepath.Join("..", "docs", "reference", "metrics.md")
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(page), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatal("the page has lost its marks")
	}
	want := head + begin + metrics.Reference() + "\n" + end + tail
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the metrics say: go test ./metrics -run Reference -update", name)
	}
	if err := os.WriteFile(name, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestNames: a name says whose it is and is given once, and what is counted ends
// in _total.
func TestNames(t *testing.T) {
	names := metrics.Names()
	if len(names) < 50 {
		t.Errorf("only %d metrics are known", len(names))
	}
	if unique := slices.Compact(slices.Clone(names)); len(unique) != len(names) {
		t.Errorf("%d of %d names are given twice", len(names)-len(unique), len(names))
	}
	for line := range strings.Lines(metrics.Reference()) {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		name := strings.Trim(cells[0], "|` ")
		if counter := cells[1] == "counter"; counter != strings.HasSuffix(name, "_total") {
			t.Errorf("%s is a %s: a counter, and nothing else, ends in _total", name, cells[1])
		}
		if !strings.HasPrefix(name, "tocsin_") {
			t.Errorf("%s does not begin with tocsin_", name)
		}
		if help := strings.TrimSuffix(strings.TrimSpace(cells[3]), " |"); !strings.HasSuffix(help, ".") {
			t.Errorf("the help of %s is no sentence: %q", name, help)
		}
	}
}
