package datadir

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFiles_AreThoseOfTheReference: the page about files names each that a node
// keeps.
func TestFiles_AreThoseOfTheReference(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "reference", "files.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{lockName, identityName, raftStoreName, snapshotFolderName + "/", ledgerName} {
		if !strings.Contains(string(page), "| `"+name+"` |") {
			t.Errorf("the page does not tell of %s", name)
		}
	}
}
