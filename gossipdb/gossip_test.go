package gossipdb_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/gossipdb"
	"tocsin/health"
)

func TestGossip_EverybodyLearnsOfAChange(t *testing.T) {
	for _, n := range []int{3, 5, 20} {
		for _, limit := range []int{0, 1} { // 1: nobody is told directly, gossip alone must do
			t.Run(fmt.Sprintf("%d nodes, direct limit %d", n, limit), func(t *testing.T) {
				direct := limit == 0 && n <= 16
				inBubble(t, n, func(g *gossipdb.GossipConfig) { g.DirectLimit = limit }, func(c *cluster) {
					var worst time.Duration
					for round := range 10 {
						verdict := []health.Status{health.Down, health.Up}[round%2]
						c.nodes[round%n].db.Cast(uint64(round+2), []gossipdb.Vote{{Slot: 7, Verdict: verdict}})
						// Two refreshes: what gossip happens to miss, the next one carries.
						most := 2 * refresh
						if direct {
							most = 10 * time.Millisecond
						}
						worst = max(worst, c.await(c.nodes, fmt.Sprintf("n%d", round%n), 7, verdict, most))
						time.Sleep(3 * time.Second)
						c.nodes[round%n].db.Cast(uint64(round+2), []gossipdb.Vote{{Slot: 7}})
						time.Sleep(3 * time.Second)
					}
					t.Logf("slowest of 10: %v", worst)
				})
			})
		}
	}
}

func TestGossip_HeartbeatsKeepEveryBallotFresh(t *testing.T) {
	inBubble(t, 12, func(g *gossipdb.GossipConfig) { g.DirectLimit = 1 }, func(c *cluster) {
		c.network.setLoss(0.05)
		votes := make([]gossipdb.Vote, 10_000)
		for i := range votes {
			votes[i] = gossipdb.Vote{Slot: uint32(i), Verdict: health.Up}
		}
		for _, m := range c.nodes {
			m.db.Cast(2, votes)
		}
		time.Sleep(20 * time.Second)
		for range 30 {
			time.Sleep(time.Second)
			for _, m := range c.nodes {
				held := 0
				for h := range m.db.Table().All() {
					held++
					if age := time.Since(h.MadeAt); age >= gossipdb.StaleAfter*refresh {
						t.Errorf("%s holds a ballot of %s that is %v old", m.host.name, h.Ballot.Node, age)
					}
				}
				if want := 12 * 5; held != want {
					t.Fatalf("%s holds %d ballots, want %d", m.host.name, held, want)
				}
			}
		}
		s := c.nodes[0].Stats()
		t.Logf("%+v", s)
		if s.StateOmitted+s.Undecodable+s.Refused+s.Overflow+s.Usurped > 0 {
			t.Errorf("something was dropped that should not be: %+v", s)
		}
	})
}

func TestGossip_LeaderIsToldDirectly(t *testing.T) {
	leader := func(g *gossipdb.GossipConfig) {
		g.DirectLimit = 1
		g.Leader = func() string { return "n3" }
	}
	inBubble(t, 5, leader, func(c *cluster) {
		c.nodes[1].db.Cast(2, []gossipdb.Vote{{Slot: 1, Verdict: health.Down}})
		c.await(c.nodes[3:4], "n1", 1, health.Down, 10*time.Millisecond)

		before := time.Now()
		c.nodes[1].Refresh()
		time.Sleep(10 * time.Millisecond)
		if h, _ := c.nodes[3].db.Table().Get("n1", 0); h.MadeAt.Before(before) {
			t.Errorf("the ballot that the new leader holds was made %v before it took office", before.Sub(h.MadeAt))
		}
	})
}

func TestGossip_CutHealsByItself(t *testing.T) {
	for _, cut := range []time.Duration{20 * time.Second, 5 * time.Minute} {
		t.Run(cut.String(), func(t *testing.T) {
			inBubble(t, 5, nil, func(c *cluster) {
				minority := func(n string) bool { return n == "n3" || n == "n4" }
				c.network.setCut(func(a, b string) bool { return minority(a) != minority(b) })
				time.Sleep(cut / 2)
				c.nodes[0].db.Cast(2, []gossipdb.Vote{{Slot: 9, Verdict: health.Down}})
				time.Sleep(cut / 2)
				h, _ := c.nodes[4].db.Table().Get("n0", 0)
				if age := time.Since(h.MadeAt); age < cut || h.Ballot.Verdict(9) == health.Down {
					t.Fatalf("something got through the cut: a ballot %v old, %+v", age, h.Ballot)
				}

				c.network.setCut(nil)
				took := c.await(c.nodes, "n0", 9, health.Down, 30*time.Second)
				t.Logf("healed %v after a cut of %v", took, cut)
				time.Sleep(30 * time.Second)
				for _, m := range c.nodes {
					if n := m.Stats().Members; n != 5 {
						t.Errorf("%s sees %d members, want 5", m.host.name, n)
					}
				}
			})
		})
	}
}

// n0 and n2 can't reach each other. What n2 holds of n0 went through n1, and
// must be as old as it is.
func TestGossip_RelayedAge(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		c.network.setCut(func(a, b string) bool { return a+b == "n0n2" || a+b == "n2n0" })
		time.Sleep(10 * time.Second)
		for range 200 {
			time.Sleep(100 * time.Millisecond)
			own, _ := c.nodes[0].db.Table().Get("n0", 0)
			far, _ := c.nodes[2].db.Table().Get("n0", 0)
			if own.Ballot.Version() != far.Ballot.Version() {
				continue
			}
			// Each of the two hops may hide its millisecond on the wire.
			if younger := far.MadeAt.Sub(own.MadeAt); younger > 2*time.Millisecond {
				t.Fatalf("relayed, the ballot seems %v younger than it is", younger)
			}
		}
		if h, _ := c.nodes[2].db.Table().Get("n0", 0); time.Since(h.MadeAt) > gossipdb.StaleAfter*refresh {
			t.Errorf("no detour was found: the ballot is %v old", time.Since(h.MadeAt))
		}
	})
}

// What was removed because it is stale must not come back from those who hold
// it still.
func TestGossip_StaleBallotsAreNotPassedOn(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		c.nodes[2].stop()
		time.Sleep(time.Minute)
		h, ok := c.nodes[0].db.Table().Get("n2", 0)
		if !ok || !c.nodes[0].db.Remove("n2", 0, h.Ballot.Version()) {
			t.Fatalf("the last ballot of n2 can't be removed (held: %v)", ok)
		}
		time.Sleep(5 * time.Minute)
		if _, ok := c.nodes[1].db.Table().Get("n2", 0); !ok {
			t.Error("n1 forgot the ballot, though nobody asked it to")
		}
		if h, ok := c.nodes[0].db.Table().Get("n2", 0); ok {
			t.Errorf("a removed ballot came back %v old", time.Since(h.MadeAt))
		}
	})
}

func TestGossip_UnreachablePeersHoldNothingUp(t *testing.T) {
	nowhere := func(g *gossipdb.GossipConfig) {
		own := g.Peers
		g.Peers = func() []string {
			return append(own(), "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "127.0.0.1:4", "127.0.0.1:5", "127.0.0.1:6")
		}
	}
	inBubble(t, 3, nowhere, func(c *cluster) {
		for i := range 60 {
			slot := uint32(i)
			c.nodes[0].db.Cast(uint64(i+2), []gossipdb.Vote{{Slot: slot, Verdict: health.Up}})
			c.await(c.nodes, "n0", slot, health.Up, 10*time.Millisecond)
			time.Sleep(time.Second)
		}
		start := time.Now()
		if n, err := c.nodes[0].Join([]string{"127.0.0.1:1", c.nodes[1].Address()}); n != 1 || err != nil {
			t.Errorf("Join of one that answers and one that doesn't = %d, %v", n, err)
		}
		if n, err := c.nodes[0].Join([]string{"127.0.0.1:1"}); n != 0 || err == nil {
			t.Errorf("Join of nobody = %d, %v", n, err)
		}
		if took := time.Since(start); took > 15*time.Second {
			t.Errorf("joining took %v", took)
		}
	})
}

func TestGossip_Leave(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		if err := c.nodes[1].Leave(5 * time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		for _, m := range c.nodes[0].Members() {
			if gone := m.Name == "n1"; m.Alive == gone {
				t.Errorf("member %+v, want alive only if it is not n1", m)
			}
			if want := "meta of " + m.Name; string(m.Meta) != want {
				t.Errorf("meta of %s = %q, want %q", m.Name, m.Meta, want)
			}
		}
		if _, err := c.nodes[1].Join([]string{c.nodes[0].Address()}); err == nil {
			t.Error("a node that left joined again")
		}
		c.nodes[1].stop()
		if err := c.nodes[1].Leave(time.Second); err != nil {
			t.Errorf("Leave after Shutdown: %v", err)
		}
	})
}

// Two processes of one name: the older one is told.
func TestGossip_Usurped(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		if got := len(c.nodes[0].db.Usurped()); got != 0 {
			t.Fatalf("usurped before anybody tried")
		}
		// n1 keeps hearing of the other process; n0 is told by the push/pull.
		for sequence := range uint64(60) {
			c.nodes[1].db.Receive(&gossipdb.Ballot{Node: "n0", Epoch: 99, Sequence: sequence}, 0)
			time.Sleep(time.Second)
		}
		select {
		case epoch := <-c.nodes[0].db.Usurped():
			if epoch != 99 {
				t.Errorf("usurped by epoch %d, want 99", epoch)
			}
		default:
			t.Error("nobody noticed")
		}
		if h, _ := c.nodes[0].db.Table().Get("n0", 0); h.Ballot.Epoch != 1 {
			t.Errorf("the own ballot has epoch %d now", h.Ballot.Epoch)
		}
	})
}

// While a cluster is upgraded a node may hear what a newer one says in a format
// that it does not read: that one is silent to it, and nobody else is.
func TestGossip_WhatIsInANewerFormatIsPassedOver(t *testing.T) {
	log := new(lines)
	logged := func(g *gossipdb.GossipConfig) { g.Logger = slog.New(slog.NewTextHandler(log, nil)) }
	inBubble(t, 1, logged, func(c *cluster) {
		state := []byte{1}
		for _, b := range []struct {
			node             string
			envelope, ballot byte
		}{{"before", 1, 1}, {"newer-ballot", 1, 2}, {"newer-envelope", 2, 1}, {"behind", 1, 1}} {
			ballot := (&gossipdb.Ballot{Node: b.node, Epoch: 1, Sequence: 1}).Append(nil)
			ballot[0] = b.ballot
			envelope := gossipdb.AppendEnvelope(nil, ballot, 0)
			envelope[0] = b.envelope
			state = append(append(state, byte(len(envelope))), envelope...)
		}
		const times = 100
		for range times {
			c.nodes[0].Merge(state)
			c.nodes[0].Merge(append([]byte{2}, state[1:]...)) // of a newer format as a whole
		}
		table := c.nodes[0].db.Table()
		for node, want := range map[string]bool{"before": true, "behind": true, "newer-ballot": false, "newer-envelope": false} {
			if _, held := table.Get(node, 0); held != want {
				t.Errorf("a ballot of %s is held: %v", node, held)
			}
		}
		if n := c.nodes[0].Stats().Undecodable; n != 3*times {
			t.Errorf("%d messages were counted, want %d", n, 3*times)
		}
		if n := log.count("can't be read"); n != 9 { // the first, the second, the fourth … the 256th
			t.Errorf("%d lines were logged of %d messages", n, 3*times)
		}
	})
}

// lines remembers what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(words string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), words)
}
