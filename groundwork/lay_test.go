package groundwork

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestSettle_LeavesNoKeyBehind when something has come to lie in the way, or when
// building it failed.
func TestSettle_LeavesNoKeyBehind(t *testing.T) {
	for name, test := range map[string]struct {
		inTheWay string // a file, below the place
		err      error
		fails    bool
	}{
		"nothing in the way":   {},
		"something in the way": {inTheWay: "theirs", fails: true},
		"building failed":      {err: errors.New("no room"), fails: true},
	} {
		parent := t.TempDir()
		building, dir := filepath.Join(parent, "building"), filepath.Join(parent, "made")
		put(t, filepath.Join(building, "ca.key"))
		if test.inTheWay != "" {
			put(t, filepath.Join(dir, test.inTheWay))
		}
		if err := settle(building, dir, test.err); (err != nil) != test.fails {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Lstat(building); err == nil {
			t.Errorf("%s: the key stays", name)
		}
		if _, err := os.Lstat(filepath.Join(dir, "ca.key")); (err != nil) != test.fails {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func put(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
}
