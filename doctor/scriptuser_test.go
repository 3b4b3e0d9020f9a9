package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFiles_OfTheUserOfTheScripts: what a node keeps is closed to it, and the scripts
// are not.
func TestFiles_OfTheUserOfTheScripts(t *testing.T) {
	home := t.TempDir()
	if err := errors.Join(os.Chmod(home, 0o755), os.Chmod(filepath.Dir(home), 0o755)); err != nil {
		t.Fatal(err)
	}
	scripts := filepath.Join(home, "scripts")
	write := func(name string, perm os.FileMode) string {
		t.Helper()
		path := filepath.Join(home, name)
		if err := errors.Join(os.WriteFile(path, []byte("#!/bin/sh\n"), perm), os.Chmod(path, perm)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if err := errors.Join(os.Mkdir(scripts, 0o755), os.Mkdir(filepath.Join(home, "data"), 0o755)); err != nil {
		t.Fatal(err)
	}
	read, closed := write("read.key", 0o604), write("closed.key", 0o600)
	write("scripts/good.sh", 0o755)
	write("scripts/unreadable.sh", 0o711)
	write("scripts/lib.sh", 0o600) // for nobody to run
	at := Place{DataDir: filepath.Join(home, "data"), Scripts: scripts, Secrets: []string{read, closed}}

	local := func(user string) *Local {
		l := &Local{Files: at.files()}
		l.lookAs(user)
		for i := range l.Files {
			l.Files[i].Perm &^= 0o077 // what all others may do is told already
		}
		return l
	}
	said := func(l *Local) (all []string) {
		for _, f := range files(Facts{Local: l}) {
			if f.Severity == Warning {
				all = append(all, f.Text)
			}
		}
		return all
	}
	all := said(local("54321:54321"))
	for _, part := range []string{"54321, may look into the data directory", "54321, can read the secret in " + read, "scripts/unreadable.sh can't be run: 54321 (uid 54321) can't read"} {
		if !slices.ContainsFunc(all, func(text string) bool { return strings.Contains(text, part) }) {
			t.Errorf("nothing says %q: %q", part, all)
		}
	}
	if len(all) != 3 {
		t.Errorf("want 3 findings, got %q", all)
	}
	if all := said(local("")); len(all) != 0 {
		t.Errorf("without such a user: %q", all)
	}
	if all := said(local("nobody-of-that-name")); len(all) != 1 || !strings.Contains(all[0], "there is no user") {
		t.Errorf("with an unknown user: %q", all)
	}
}
