package node_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/datadir"
	"tocsin/fsm"
	"tocsin/node"
	"tocsin/recovery"
)

// lived makes the data of a node that has lived for a while and was stopped in
// good order: with a snapshot, entries behind it, and a ledger.
func lived(t *testing.T) node.Config {
	t.Helper()
	scripts := scriptsIn(t)
	cfg := node.Config{
		Name: "n1", DataDir: t.TempDir(), Scripts: scripts, Bootstrap: true,
		HTTP: freeAddress(t), Raft: freeAddress(t), Gossip: freeAddress(t),
		Settings:  fsm.DefaultClusterSettings(),
		Retention: node.Retention{Threshold: 1, Trailing: 3, Interval: 50 * time.Millisecond},
	}
	n := bringUp(t, cfg)
	for i := range 1000 {
		if _, err := n.Propose(t.Context(), fsm.SetEndpoint{Key: fmt.Sprint(i % 10), Value: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
		if found, _ := filepath.Glob(filepath.Join(cfg.DataDir, "snapshots", "*", "state.bin")); len(found) > 1 && i > 20 {
			break
		}
	}
	if err := n.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func bringUp(t *testing.T, cfg node.Config) *node.Node {
	t.Helper()
	outside, err := node.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.Start(cfg, outside)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Stop(t.Context()) }) // once more does nothing
	awaitReady(t, n)
	return n
}

func awaitReady(t *testing.T, n *node.Node) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !n.Readiness().Ready; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not ready after a minute: %v", n.Readiness().Problems)
		}
	}
}

// opens reports why the real outside can't be opened, nil if it can.
func opens(cfg node.Config) error {
	outside, err := node.Open(cfg)
	if err != nil {
		return err
	}
	return outside.Close()
}

func TestQuarantine_TableOfRecoveries(t *testing.T) {
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	whole := lived(t)
	if err := opens(whole); err != nil {
		t.Fatal(err)
	}
	newest := func(t *testing.T, dir, file string) string {
		found, err := filepath.Glob(filepath.Join(dir, "snapshots", "*", file))
		if err != nil || len(found) == 0 {
			t.Fatalf("no snapshot: %v", err)
		}
		return found[len(found)-1]
	}
	for _, test := range []struct {
		name   string
		spoil  func(t *testing.T, dir string)
		words  []string // of the refusal
		moved  string
		rejoin bool
	}{
		{"raft.db cut off", func(t *testing.T, dir string) { truncate(t, filepath.Join(dir, "raft.db"), 20_000) }, []string{"raft.db is damaged", "cut off", "tocsin recover quarantine"}, "raft.db snapshots", true},
		{"raft.db emptied", func(t *testing.T, dir string) { truncate(t, filepath.Join(dir, "raft.db"), 0) }, []string{"raft.db is damaged", "empty"}, "raft.db snapshots", true},
		{"raft.db gone", func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "raft.db")) }, []string{"raft.db in it is missing", "tocsin recover quarantine"}, "raft.db snapshots", true},
		{"a bit of the newest first page", func(t *testing.T, dir string) { flip(t, filepath.Join(dir, "raft.db"), 50) }, []string{"raft.db is damaged", "first page"}, "raft.db snapshots", true},
		{"a snapshot's state", func(t *testing.T, dir string) { flip(t, newest(t, dir, "state.bin"), 30) }, []string{"snapshots", "state.bin: its checksum does not hold"}, "raft.db snapshots", true},
		{"a snapshot cut off", func(t *testing.T, dir string) { truncate(t, newest(t, dir, "state.bin"), 10) }, []string{"snapshots", "checksum"}, "raft.db snapshots", true},
		{"a snapshot's meta emptied", func(t *testing.T, dir string) { truncate(t, newest(t, dir, "meta.json"), 0) }, []string{"snapshots", "meta.json"}, "raft.db snapshots", true},
		{"a bit of a snapshot's configuration", func(t *testing.T, dir string) {
			path := newest(t, dir, "meta.json")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			flip(t, path, bytes.Index(text, []byte(`"ID":"n1"`))+len(`"ID":"n`))
		}, []string{"snapshots", "meta.json: its checksum does not hold"}, "raft.db snapshots", true},
		{"all snapshots gone", func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "snapshots")) }, []string{"the log begins with entry", "no snapshot"}, "raft.db snapshots", true},
		{"ledger cut off", func(t *testing.T, dir string) { truncate(t, filepath.Join(dir, "ledger.db"), 9000) }, []string{"ledger.db can't be trusted"}, "ledger.db", false},
		{"ledger emptied", func(t *testing.T, dir string) { truncate(t, filepath.Join(dir, "ledger.db"), 0) }, []string{"ledger.db can't be trusted", "empty"}, "ledger.db", false},
		{"identity cut off", func(t *testing.T, dir string) { truncate(t, filepath.Join(dir, "identity.json"), 10) }, []string{"identity.json is damaged"}, "identity.json", false},
		{"a bit of the identity", func(t *testing.T, dir string) { flip(t, filepath.Join(dir, "identity.json"), 14) }, []string{"identity.json is damaged"}, "identity.json", false},
		{"identity gone", func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "identity.json")) }, []string{"identity.json", "missing"}, "identity.json", false},
		{"identity and ledger", func(t *testing.T, dir string) {
			truncate(t, filepath.Join(dir, "identity.json"), 0)
			truncate(t, filepath.Join(dir, "ledger.db"), 0)
		}, []string{"identity.json is damaged"}, "identity.json ledger.db", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := whole
			cfg.DataDir = filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(cfg.DataDir, os.DirFS(whole.DataDir)); err != nil {
				t.Fatal(err)
			}
			test.spoil(t, cfg.DataDir)
			for range 2 { // being refused changes nothing
				err := opens(cfg)
				for _, words := range test.words {
					if err == nil || !strings.Contains(err.Error(), words) {
						t.Fatalf("the start gives %v, want words like %q", err, words)
					}
				}
			}
			done, err := datadir.Quarantine{DataDir: cfg.DataDir}.SetAside()
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(done.Moved, " "); got != test.moved || done.Rejoin != test.rejoin || done.Node != "n1" || done.Cluster == "" {
				t.Errorf("done: %+v, want %q moved", done, test.moved)
			}
			if err := opens(cfg); err != nil {
				t.Errorf("after that the start gives %v", err)
			}
			again, err := datadir.Quarantine{DataDir: cfg.DataDir}.SetAside()
			if err != nil || len(again.Moved) > 0 {
				t.Errorf("the second time moved %v, %v", again.Moved, err)
			}
		})
	}
}

func TestQuarantine_AsksForWhatTheDataDoNotTell(t *testing.T) {
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	cfg := lived(t)
	truncate(t, filepath.Join(cfg.DataDir, "identity.json"), 0)
	truncate(t, filepath.Join(cfg.DataDir, "raft.db"), 0)
	if _, err := (datadir.Quarantine{DataDir: cfg.DataDir}).SetAside(); err == nil || !strings.Contains(err.Error(), "--node") {
		t.Fatalf("got %v", err)
	}
	done, err := datadir.Quarantine{DataDir: cfg.DataDir, Node: "n1"}.SetAside()
	if err != nil || strings.Join(done.Moved, " ") != "identity.json raft.db snapshots ledger.db" || !done.Rejoin {
		t.Fatalf("done: %+v, %v", done, err)
	}
	if err := opens(cfg); err != nil {
		t.Error(err)
	}
	if _, err := (datadir.Quarantine{DataDir: t.TempDir()}).SetAside(); err == nil || !strings.Contains(err.Error(), "holds no data") {
		t.Errorf("an empty directory gives %v", err)
	}
}

// TestQuarantine_FoundsNothingAfterwards: a founder that has lost its data, and
// can't reach the others, must not found another cluster beside theirs.
func TestQuarantine_FoundsNothingAfterwards(t *testing.T) {
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	cfg := lived(t)
	if _, err := (datadir.Quarantine{DataDir: cfg.DataDir, All: true}).SetAside(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // also when it is started again before anybody took it in
		outside, err := node.Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		n, err := node.Start(cfg, outside)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second) // a founder leads after one or two
		if leader, known := n.Leader(); known || n.View().ClusterID() != "" {
			t.Errorf("it has founded: leader %v, cluster %q", leader, n.View().ClusterID())
		}
		if err := n.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestQuarantine_IsRefusedWhileTheNodeRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	cfg := lived(t)
	n := bringUp(t, cfg)
	_, quarantine := datadir.Quarantine{DataDir: cfg.DataDir, All: true}.SetAside()
	_, majority := recovery.LostMajority{DataDir: cfg.DataDir, Dead: []string{"n2"}}.Recover(t.Context())
	for _, err := range []error{quarantine, majority} {
		if err == nil || !strings.Contains(err.Error(), "in use by process") {
			t.Errorf("got %v", err)
		}
	}
	if err := n.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A cluster of one has lost nothing.
	if _, err := (recovery.LostMajority{DataDir: cfg.DataDir, Dead: []string{"n2"}}).Recover(t.Context()); err == nil || !strings.Contains(err.Error(), `no node "n2"`) {
		t.Errorf("got %v", err)
	}
	done, err := datadir.Quarantine{DataDir: cfg.DataDir, All: true}.SetAside()
	if err != nil || strings.Join(done.Moved, " ") != "raft.db snapshots ledger.db" {
		t.Errorf("done: %+v, %v", done, err)
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func flip(t *testing.T, path string, at int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[at] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestStart_AnOlderBuildLeavesNewerDataAlone: the cluster uses what this build
// does not read, so nothing of the data is looked at, let alone changed, nor
// taken for damaged.
func TestStart_AnOlderBuildLeavesNewerDataAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	cfg := lived(t)
	cfg.Dialect = fsm.Dialect{Newest: 2, Since: func(c fsm.Command) fsm.Protocol {
		if set, ok := c.(fsm.SetEndpoint); ok && set.Labels != nil {
			return 2
		}
		return 1
	}}
	outside, err := node.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.Start(cfg, outside)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Stop(t.Context()) }) // once more does nothing
	awaitReady(t, n)
	results, err := n.Propose(t.Context(), fsm.SetEndpoint{Key: "new", Labels: &map[string]string{"l": "1"}})
	if err != nil || results[0].Refused != nil {
		t.Fatalf("%v, %v", results, err)
	}
	path := filepath.Join(cfg.DataDir, "identity.json")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"protocol": 2`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("that protocol 2 is in use was not noted:\n%s", text)
		}
	}
	if err := n.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	cfg.Dialect = fsm.Dialect{}
	_, quarantine := datadir.Quarantine{DataDir: cfg.DataDir, All: true}.SetAside()
	_, majority := recovery.LostMajority{DataDir: cfg.DataDir, Dead: []string{"n2"}}.Recover(t.Context())
	for _, err := range []error{opens(cfg), quarantine, majority} {
		if !errors.Is(err, fsm.ErrTooNew) || !strings.Contains(err.Error(), "install the version of the other nodes") || strings.Contains(err.Error(), "quarantine") {
			t.Errorf("got %v", err)
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the identity was %s, and is %s (%v)", before, after, err)
	}

	// One to come may keep more in it.
	more := bytes.Replace(before, []byte("{"), []byte(`{"surprise":true,`), 1)
	if err := os.WriteFile(path, more, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := opens(cfg); !errors.Is(err, fsm.ErrTooNew) {
		t.Errorf("one that says more gives %v", err)
	}

	// The note came too late: the log itself tells, and is not taken for damaged.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := (datadir.Quarantine{DataDir: cfg.DataDir}).SetAside(); !errors.Is(err, fsm.ErrTooNew) {
		t.Errorf("without the note the data are taken for damaged: %v", err)
	}
}
