package datadir

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFiles_AreThoseOfTheReference: the page about files names each that a node
// keeps, and the comment of Dir does.
func TestFiles_AreThoseOfTheReference(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "reference", "files.md"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("dir.go")
	if err != nil {
		t.Fatal(err)
	}
	names := everyFile(t)
	for _, name := range []string{lockName, identityName, ballotKeyName, raftStoreName, snapshotFolderName + "/", ledgerName, setAsidePrefix + "…/"} {
		if !names[name] {
			t.Errorf("no node keeps %s", name)
		}
	}
	for name := range names {
		if !strings.Contains(string(page), "| `"+name+"` |") {
			t.Errorf("the page does not tell of %s", name)
		}
		if !strings.Contains(string(source), "\n//	"+name+" ") {
			t.Errorf("the comment of Dir does not tell of %s", name)
		}
	}
}

// everyFile returns what is in a data directory that has been used, and of which
// something was set aside.
func everyFile(t *testing.T) map[string]bool {
	t.Helper()
	root := t.TempDir()
	use(t, root)
	if _, err := (Quarantine{DataDir: root, All: true}).SetAside(); err != nil {
		t.Fatal(err)
	}
	use(t, root)
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, setAsidePrefix) {
			name = setAsidePrefix + "…"
		}
		if e.IsDir() {
			name += "/"
		}
		names[name] = true
	}
	return names
}

// use opens all that a node opens, and closes it again.
func use(t *testing.T, root string) {
	t.Helper()
	d, err := Open(root, "n1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.BallotKey(); err != nil {
		t.Fatal(err)
	}
	s, err := d.OpenStorage(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.OpenLedger()
	if err != nil {
		t.Fatal(err)
	}
	for _, closing := range []func() error{l.Close, s.Close, d.Close} {
		if err := closing(); err != nil {
			t.Error(err)
		}
	}
}
