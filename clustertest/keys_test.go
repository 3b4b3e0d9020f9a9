package clustertest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/clustertest"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/keyring"
	"tocsin/node"
)

// keyFile is a file of gossip keys in memory.
type keyFile struct {
	mu   sync.Mutex
	ring keyring.Ring
	full bool // the disk, so that nothing is written
}

func (f *keyFile) Load() (keyring.Ring, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ring, nil
}

func (f *keyFile) Save(r keyring.Ring) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.full {
		return errors.New("no space left on device")
	}
	f.ring = r
	return nil
}

// keyFiles are those of all nodes, that begin with the same key.
type keyFiles struct {
	mu    sync.Mutex
	first keyring.Ring
	of    map[string]*keyFile
}

func (k *keyFiles) outside(l clustertest.Life, o *node.Outside) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil {
		k.of = map[string]*keyFile{}
	}
	if k.of[l.Node] == nil {
		k.of[l.Node] = &keyFile{ring: k.first}
	}
	o.Keys = k.of[l.Node]
}

// watchful fails the test when a member is not heard by another one.
func watchful(t *testing.T, c *clustertest.Cluster, when string) {
	t.Helper()
	for _, name := range c.Names() {
		for _, m := range c.Node(name).GossipMembers() {
			if !m.Alive {
				t.Errorf("%s: %s takes %s for dead", when, name, m.Name)
			}
		}
		if n := len(c.Node(name).GossipMembers()); n != len(c.Names()) {
			t.Errorf("%s: %s knows %d members", when, name, n)
		}
	}
}

// TestCluster_ChangesItsGossipKeyWithoutAGap: while node after node takes each
// step, nobody leaves the gossip and what fails is decided.
func TestCluster_ChangesItsGossipKeyWithoutAGap(t *testing.T) {
	bubble(t, func(t *testing.T) {
		before, after := keyring.NewKey(), keyring.NewKey()
		files := &keyFiles{first: keyring.NewRing(before)}
		c := clustertest.New(t, 3, clustertest.Options{Outside: files.outside})
		c.Set("db", "db-1")
		c.AwaitState("db", health.Up)
		down := false
		for _, change := range []keyring.Change{
			{Step: keyring.Install, Key: after},
			{Step: keyring.Use, Fingerprint: after.Fingerprint()},
			{Step: keyring.Remove, Fingerprint: before.Fingerprint()},
		} {
			for _, name := range c.Names() {
				if _, err := c.Node(name).ChangeKeys(change); err != nil {
					t.Fatal(err)
				}
				down = !down
				c.World.Set("db", map[bool]health.Status{true: health.Down, false: health.Up}[down])
				c.AwaitState("db", map[bool]health.Status{true: health.Down, false: health.Up}[down])
				for range 10 {
					time.Sleep(time.Second)
					watchful(t, c, fmt.Sprintf("after %s of %s", change.Step, name))
				}
			}
		}
		for name, file := range files.of {
			if want := keyring.NewRing(after); !file.ring.Equal(want) || !c.Node(name).Keys().Equal(want) {
				t.Errorf("%s has the file %v and goes by %v, want %v", name, file.ring, c.Node(name).Keys(), want)
			}
		}
	})
}

// TestCluster_AStrayKeyFileIsMended: a node that comes back with the old key alone
// is not heard, though raft reaches it; once it is told of the new file, it is. What
// a node can't write down it does not do.
func TestCluster_AStrayKeyFileIsMended(t *testing.T) {
	bubble(t, func(t *testing.T) {
		before, after := keyring.NewRing(keyring.NewKey()), keyring.NewRing(keyring.NewKey())
		files := &keyFiles{first: after}
		c := clustertest.New(t, 3, clustertest.Options{Outside: files.outside})
		c.Set("db", "db-1")
		c.AwaitState("db", health.Up)
		away := c.Others(c.Leader())[0]
		near := c.Others(away)[0]
		c.Crash(away)
		files.of[away].ring = before
		c.Restart(away)
		heard := func() bool {
			return slices.ContainsFunc(c.Node(near).GossipMembers(), func(m gossipdb.Member) bool { return m.Name == away && m.Alive })
		}
		c.Await("it is found dead", func() bool { return !heard() })
		c.Never(2*time.Minute, "it is heard with the old key", heard)

		files.of[away].ring = after
		if err := c.Node(away).Reload(c.Node(away).Changeable()); err != nil {
			t.Fatal(err)
		}
		c.Await("it is heard again", heard)

		files.of[away].ring = before // brought, and not told of
		if _, err := c.Node(away).ChangeKeys(keyring.Change{Step: keyring.Install, Key: keyring.NewKey()}); err == nil || !strings.Contains(err.Error(), "says something else") {
			t.Errorf("a change on top of another file: %v", err)
		}
		if held := c.Node(away).GossipKeys(); held.File == nil || !slices.Equal(held.File.Keys, before.Fingerprints()) || !slices.Equal(held.Keys, after.Fingerprints()) {
			t.Errorf("it says of its file %+v", held)
		}
		if got := c.Node(away).Keys(); !got.Equal(after) {
			t.Errorf("a change brings another file into force: %v", got)
		}
		files.of[away].ring = after
		if held := c.Node(away).GossipKeys(); held.File != nil {
			t.Errorf("it says of a file that is as it should be %+v", held.File)
		}

		files.of[away].full = true
		if _, err := c.Node(away).ChangeKeys(keyring.Change{Step: keyring.Install, Key: before.Primary()}); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("a key that can't be kept is taken: %v", err)
		}
		if got := c.Node(away).Keys(); !got.Equal(after) {
			t.Errorf("and it goes by %v", got)
		}
	})
}
