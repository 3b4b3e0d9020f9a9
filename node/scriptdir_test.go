package node

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/account"
)

// TestWarnOfReadable: a user for the scripts keeps nothing from them that it can read.
func TestWarnOfReadable(t *testing.T) {
	dir, err := os.MkdirTemp("", "tocsin-readable-") // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	open, closed := file("token", 0o644), file("gossip.key", 0o600)
	key := file("tls/tls.key", 0o604)
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	as := &account.User{Name: "stranger", UID: 54321, GID: 54321}
	warnOfReadable(slog.New(slog.NewTextHandler(&said, nil)), as, Config{
		DataDir: data, PeerTokenFile: open, GossipKeyFile: closed, TLS: filepath.Dir(key),
	})
	text := said.String()
	if strings.Count(text, "level=WARN") != 2 || !strings.Contains(text, "path="+open) || !strings.Contains(text, "path="+key) {
		t.Errorf("got\n%s\nwant a warning of %s and one of %s", text, open, key)
	}
}
