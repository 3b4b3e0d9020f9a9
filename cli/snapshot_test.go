package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/api"
	"tocsin/backup"
	"tocsin/cli"
	"tocsin/fsm"
)

func TestSnapshot(t *testing.T) {
	var text bytes.Buffer
	if err := backup.Write(&text, fsm.NewMachine().View(), "node1", "1.0", time.Now()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "b")
	n := newFakeNode(t, text.String())
	if code, stdout, stderr := n.tocsin("snapshot", "save", file); code != 0 || stdout != "" || !strings.Contains(stderr, "Saved") || n.lastAsked() != "GET /v1/snapshot?consistency=leader" {
		t.Fatalf("%d %q %q, asked %q", code, stdout, stderr, n.lastAsked())
	}
	if code, _, stderr := n.tocsin("snapshot", "save", "nowhere/s"); code != 1 || !strings.HasPrefix(stderr, "tocsin: snapshot save: write nowhere/s: there is no such folder") {
		t.Errorf("%d %q", code, stderr) // and does not name the file that was to take its place
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	n = newFakeNode(t, api.Restored{DryRun: true, Difference: fsm.Difference{
		Added: []string{"web"}, Deleted: []string{"db"}, Changed: []fsm.Change{{Key: "mq", Fields: []string{"value"}}}, Settings: []string{"fall"},
		Pauses:  fsm.HoldChanges{Added: []string{"all endpoints"}, Deleted: []string{"the prefix db"}},
		Windows: fsm.HoldChanges{Changed: []string{"patch"}},
	}})
	code, stdout, stderr := n.tocsin("snapshot", "restore", file, "--dry-run", "--cluster", "C")
	if code != 0 || stdout != "  settings: fall\n+ pause of all endpoints\n- pause of the prefix db\n  maintenance window patch\n- db\n  mq: value\n+ web\n" ||
		!strings.Contains(stderr, "settings: 1 changed; endpoints: 1 added, 1 changed, 1 deleted, 0 unchanged; pauses: 1 added, 0 changed, 1 deleted; maintenance windows: 0 added, 1 changed, 0 deleted, if this were restored") || !strings.HasPrefix(n.lastAsked(), "PUT /v1/snapshot?cluster=C&dry_run=true ") {
		t.Errorf("%d %q %q, asked %.80q", code, stdout, stderr, n.lastAsked())
	}
	n = newFakeNode(t, text.String()[:text.Len()-5])
	if code, _, stderr := n.tocsin("snapshot", "save", file+"2"); code != 1 || !strings.Contains(stderr, "no whole backup") {
		t.Errorf("%d %q", code, stderr)
	}
	if _, err := os.Stat(file + "2"); err == nil {
		t.Error("half a backup was kept")
	}
	code, stdout, _ = inspect(file, "-o", "json")
	if code != 0 || !strings.Contains(stdout, `"restorable": true`) {
		t.Errorf("%d %q", code, stdout)
	}
}

// inspect needs no node.
func inspect(args ...string) (code int, stdout, stderr string) {
	var out, words bytes.Buffer
	code = cli.Main(append([]string{"snapshot", "inspect"}, args...), &out, &words)
	return code, out.String(), words.String()
}

// TestSnapshot_ThatCantBeRestored is stored, and said to be so.
func TestSnapshot_ThatCantBeRestored(t *testing.T) {
	m := fsm.NewMachine()
	for i := range uint64(300) {
		data, err := fsm.Encode(fsm.SetEndpoint{Key: fmt.Sprint("e", i), Value: strings.Repeat("v", 60_000)})
		if err != nil {
			t.Fatal(err)
		}
		m.Apply(&raft.Log{Index: i + 1, Term: 1, Data: data})
	}
	var text bytes.Buffer
	if err := backup.Write(&text, m.View(), "node1", "1.0", time.Now()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "b")
	n := newFakeNode(t, text.String())
	if code, _, stderr := n.tocsin("snapshot", "save", file); code != 1 || !strings.Contains(stderr, "is whole, and can't be restored: what would be put back takes 18") {
		t.Errorf("%d %q", code, stderr)
	}
	if code, stdout, stderr := inspect(file); code != 1 || !strings.Contains(stdout, "can be restored      no") || !strings.Contains(stderr, "can't be restored") {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
	n = newFakeNode(t, text.String()+strings.Repeat("x", backup.MaxSize))
	if code, _, stderr := n.tocsin("snapshot", "save", file+"2"); code != 1 || !strings.Contains(stderr, "nothing was stored: the values of the endpoints") {
		t.Errorf("%d %q", code, stderr)
	}
}

// TestSnapshotSave_WithoutALeader: what can be had, and when.
func TestSnapshotSave_WithoutALeader(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	n := newFakeNode(t, problem{409, api.Problem{Code: api.CodeNoLeader, Detail: "no leader"}})
	if code, _, stderr := n.tocsin("snapshot", "save", file); code != 1 || !strings.Contains(stderr, "--stale --address HOST:PORT") {
		t.Errorf("%d %s", code, stderr)
	}
	n = newFakeNode(t, problem{409, api.Problem{Code: api.CodeBehind, Detail: "found no leader"}})
	if code, _, stderr := n.tocsin("snapshot", "save", "--stale", file); code != 1 || !strings.Contains(stderr, "15s after its start: try again with --stale") {
		t.Errorf("%d %s", code, stderr)
	}
}
