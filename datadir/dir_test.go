package datadir

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestDir_IsLocked(t *testing.T) {
	root := filepath.Join(t.TempDir(), "data")
	first, err := Open(root, "node1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(root, "node1")
	if err == nil || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) || !strings.Contains(err.Error(), root) {
		t.Errorf("a second process gets %v, want an error that names the directory and process %d", err, os.Getpid())
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(root, "node1")
	if err != nil {
		t.Fatalf("after the first has closed it: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestDir_RefusesWhatIsNotItsOwn(t *testing.T) {
	tests := map[string]struct {
		spoil func(t *testing.T, d *Dir)
		want  string
	}{
		"another node's":     {func(*testing.T, *Dir) {}, "belongs to node \"node1\""},
		"a damaged identity": {func(t *testing.T, d *Dir) { writeFile(t, d.path(identityName), "{") }, "damaged"},
		"another checksum": {func(t *testing.T, d *Dir) {
			writeFile(t, d.path(identityName), `{"node": "node1", "cluster": "c", "checksum": "00000000"}`)
		}, "checksum does not hold"},
		"an emptied identity": {func(t *testing.T, d *Dir) { writeFile(t, d.path(identityName), "") }, "it is empty"},
		"no identity, but a raft.db": {func(t *testing.T, d *Dir) {
			writeFile(t, d.path(raftStoreName), "something")
			if err := os.Remove(d.path(identityName)); err != nil {
				t.Fatal(err)
			}
		}, "identity.json in "},
		"a missing raft.db": {func(t *testing.T, d *Dir) { joined(t, d) }, "raft.db in it is missing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			d, err := Open(root, "node1")
			if err != nil {
				t.Fatal(err)
			}
			test.spoil(t, d)
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			node := "node1"
			if name == "another node's" {
				node = "node2"
			}
			if _, err := Open(root, node); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
			// What was refused must not stay locked.
			if _, err := Open(root, node); err == nil || strings.Contains(err.Error(), "in use") {
				t.Errorf("the second time got %v", err)
			}
		})
	}
}

func TestIdentity_EveryChangedBitIsNoticed(t *testing.T) {
	whole, err := encodeIdentity(Identity{Node: "node1", Cluster: "c"})
	if err != nil {
		t.Fatal(err)
	}
	for at := range whole {
		for bit := range 8 {
			flipped := bytes.Clone(whole)
			flipped[at] ^= 1 << bit
			got, err := decodeIdentity(flipped)
			if err == nil && got != (Identity{Node: "node1", Cluster: "c"}) {
				t.Errorf("%s was read as %+v", flipped, got)
			}
		}
	}
}

func TestDir_RemembersItsCluster(t *testing.T) {
	root := t.TempDir()
	d, err := Open(root, "node1")
	if err != nil {
		t.Fatal(err)
	}
	joined(t, d)
	writeFile(t, d.path(raftStoreName), "something")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(root, "node1")
	if err != nil {
		t.Fatal(err)
	}
	got := again.Identity()
	if got.Node != "node1" || got.Cluster != "c" || got.Starts != 2 {
		t.Errorf("identity = %+v, want node1 of c at its second start", got)
	}
	if got.Disk != d.Identity().Disk || got.Disk == "" {
		t.Errorf("the disk is called %q, and was %q", got.Disk, d.Identity().Disk)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func joined(t *testing.T, d *Dir) {
	t.Helper()
	identity := d.Identity()
	identity.Cluster = "c"
	if err := d.Remember(identity); err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
