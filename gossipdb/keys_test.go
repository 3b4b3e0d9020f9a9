package gossipdb_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/keyring"
)

func sealedBy(r keyring.Ring) func(*gossipdb.GossipConfig) {
	return func(c *gossipdb.GossipConfig) { c.Keys = r }
}

// names returns who is a member and seems alive, as m sees it.
func (m *member) names() (names []string) {
	for _, other := range m.Members() {
		if other.Alive {
			names = append(names, other.Name)
		}
	}
	return names
}

// TestGossip_StrangersAreNotHeard: neither who has another key nor who has none
// becomes a member anywhere, or is heard; the log tells of it a few times, the
// counter every time.
func TestGossip_StrangersAreNotHeard(t *testing.T) {
	ours := keyring.NewRing(keyring.NewKey())
	for name, theirs := range map[string]keyring.Ring{"another key": keyring.NewRing(keyring.NewKey()), "no key": {}} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			inBubble(t, 3, func(c *gossipdb.GossipConfig) {
				c.Keys = ours
				if c.Node == "n0" {
					c.Logger = slog.New(slog.NewTextHandler(&log, nil))
				}
			}, func(c *cluster) {
				known := c.nodes[:3]
				stranger := c.startAlone("x", sealedBy(theirs))
				stranger.db.Open(1)
				stranger.db.Cast(1, []gossipdb.Vote{{Slot: 5, Verdict: health.Down}})
				time.Sleep(10 * time.Minute)
				for _, m := range known {
					if got := m.names(); !slices.Equal(got, []string{"n0", "n1", "n2"}) {
						t.Errorf("%s sees %q", m.host.name, got)
					}
					if _, heard := m.db.Table().Get("x", 0); heard {
						t.Errorf("%s has heard the stranger", m.host.name)
					}
				}
				if got := stranger.names(); !slices.Equal(got, []string{"x"}) {
					t.Errorf("the stranger sees %q", got)
				}
				if n := known[0].Stats().Unopened; n < 20 {
					t.Errorf("%d were counted: the stranger has not been trying", n)
				}
				for _, m := range known {
					m.stop() // the log is read
				}
				if n := strings.Count(log.String(), "no key of this node opens"); n < 1 || n > 12 {
					t.Errorf("the log says it %d times:\n%s", n, log.String())
				}
				if n := strings.Count(log.String(), "memberlist says"); n > 0 {
					t.Errorf("the library speaks too:\n%s", log.String())
				}
			})
		})
	}
}

// TestGossip_KeysChangeWithoutAGap: nobody leaves, and what is said arrives,
// while nodes are in different steps of a change.
func TestGossip_KeysChangeWithoutAGap(t *testing.T) {
	before, after := keyring.NewKey(), keyring.NewKey()
	start := keyring.NewRing(before)
	both, _ := start.Install(after)
	used, _ := both.Use(after.Fingerprint())
	done, _ := used.Remove(before.Fingerprint())
	inBubble(t, 3, sealedBy(start), func(c *cluster) {
		slot := uint32(0)
		for _, step := range []keyring.Ring{both, used, done} {
			for _, m := range c.nodes {
				if err := m.SetKeys(step); err != nil {
					t.Fatal(err)
				}
				for _, speaker := range c.nodes {
					slot++
					speaker.db.Cast(1, []gossipdb.Vote{{Slot: slot, Verdict: health.Down}})
					c.await(c.nodes, speaker.host.name, slot, health.Down, 5*time.Second)
				}
				time.Sleep(30 * time.Second)
				for _, other := range c.nodes {
					if got := other.names(); !slices.Equal(got, []string{"n0", "n1", "n2"}) {
						t.Fatalf("%s sees %q", other.host.name, got)
					}
				}
			}
		}
		for _, m := range c.nodes {
			if s := m.Stats(); s.Unopened > 0 {
				t.Errorf("%s could not open %d", m.host.name, s.Unopened)
			}
		}
		// Who still has the old key alone is not heard any more.
		late := c.startAlone("late", sealedBy(start))
		time.Sleep(time.Minute)
		if got := c.nodes[0].names(); !slices.Equal(got, []string{"n0", "n1", "n2"}) {
			t.Errorf("n0 sees %q", got)
		}
		// And is, with the new one.
		if err := late.SetKeys(done); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := c.nodes[0].names(); len(got) != 4 {
			t.Errorf("n0 sees %q", got)
		}
	})
}

func TestGossip_SetKeysBeginsAndEndsNoEncryption(t *testing.T) {
	ring := keyring.NewRing(keyring.NewKey())
	inBubble(t, 1, nil, func(c *cluster) {
		if err := c.nodes[0].SetKeys(ring); err == nil {
			t.Error("a gossip in the clear took keys")
		}
	})
	inBubble(t, 1, sealedBy(ring), func(c *cluster) {
		if err := c.nodes[0].SetKeys(keyring.Ring{}); err == nil {
			t.Error("a gossip was left without a key")
		}
	})
}
