package node

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fullFile takes a line if there is room.
type fullFile struct {
	full bool
	text bytes.Buffer
}

func (f *fullFile) Write(line []byte) (int, error) {
	if f.full {
		return 0, &fs.PathError{Op: "write", Path: "audit.log", Err: syscall.ENOSPC}
	}
	return f.text.Write(line)
}

func (f *fullFile) Reopen() error { return nil }

// TestAuditTrail_LinesThatAreLostAreHeardOf: the log tells it once for each change,
// /readyz for as long as it is so, and each line counts.
func TestAuditTrail_LinesThatAreLostAreHeardOf(t *testing.T) {
	var log bytes.Buffer
	file := &fullFile{full: true}
	trail := newAuditTrail(file, slog.New(slog.NewTextHandler(&log, nil)))
	audit := slog.New(slog.NewJSONHandler(trail, nil))
	if w := trail.concerns(); len(w) > 0 {
		t.Errorf("before anything was lost: %q", w)
	}
	for range 3 {
		audit.Info("changed")
	}
	if w := trail.concerns(); len(w) != 1 || !strings.Contains(w[0].Text, "no space left") || *trail.missing() != 3 {
		t.Errorf("%q, %d lost", w, *trail.missing())
	}
	file.full = false
	for range 2 {
		audit.Info("changed")
	}
	if w := trail.concerns(); len(w) > 0 || *trail.missing() != 3 || strings.Count(file.text.String(), "\n") != 2 {
		t.Errorf("when there is room again: %q, %d lost", w, *trail.missing())
	}
	if lines := strings.Split(strings.TrimSpace(log.String()), "\n"); len(lines) != 2 ||
		!strings.Contains(lines[0], "can't be written") || !strings.Contains(lines[1], "again") {
		t.Errorf("the log says %q", lines)
	}
}

func TestAuditTrail_OfNoFileSaysNothing(t *testing.T) {
	none := newAuditTrail(nil, slog.New(slog.DiscardHandler))
	if err := none.reopen(); err != nil || none.concerns() != nil || none.missing() != nil {
		t.Errorf("%v, %v, %v", err, none.concerns(), none.missing())
	}
}

// TestAuditFile_GoesOnInTheNewOne when the old one was moved away, and in the old one
// as long as no new one can be made.
func TestAuditFile_GoesOnInTheNewOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "audit.log")
	f, err := openAuditFile(name)
	if err != nil {
		t.Fatal(err)
	}
	write := func(line string) {
		t.Helper()
		if _, err := f.Write([]byte(line)); err != nil {
			t.Error(err)
		}
	}
	holds := func(name, want string) {
		t.Helper()
		if text, err := os.ReadFile(name); err != nil || string(text) != want {
			t.Errorf("%s holds %q, %v; want %q", name, text, err, want)
		}
	}
	write("1\n")
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	write("2\n")
	if err := f.Reopen(); err != nil {
		t.Fatal(err)
	}
	write("3\n")
	holds(name+".1", "1\n2\n")
	holds(name, "3\n")
	away := filepath.Join(filepath.Dir(dir), "away")
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	if err := f.Reopen(); err == nil {
		t.Error("a file was made in a folder that is not there")
	}
	write("4\n")
	holds(filepath.Join(away, "audit.log"), "3\n4\n")
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
