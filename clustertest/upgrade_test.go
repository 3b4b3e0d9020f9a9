package clustertest_test

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/clustertest"
	"tocsin/clustertest/simnet"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/node"
)

func TestUpgrade_NodeByNode(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, b := mixed(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		truth := health.Up
		for i, name := range c.Names() {
			restartAs(c, name, func(name string) { b.upgrade(name) })
			// Mixed or not, it decides, notifies and takes writes through each.
			truth = map[health.Status]health.Status{health.Up: health.Down, health.Down: health.Up}[truth]
			c.World.Set("db", truth)
			c.AwaitNotified("db", truth, c.Names()...)
			for _, through := range c.Names() {
				if _, err := c.Node(through).Propose(t.Context(), fsm.SetEndpoint{Key: "written through " + through, Value: name}); err != nil {
					t.Fatalf("with %d nodes upgraded, through %s: %v", i+1, through, err)
				}
			}
			if i < 2 {
				wantHeldBack(t, c, name, "protocol 2", "upgrade")
			}
		}
		c.Await("all know what all read", func() bool {
			return !slices.ContainsFunc(c.Names(), func(name string) bool { return c.Node(name).View().Protocol() != 2 })
		})
		wantProtocol(t, c, 2, 1)
		c.Propose(labelled("new"))
		for _, name := range c.Names() {
			c.Await("it is on "+name, func() bool {
				e, ok := c.Node(name).View().Endpoint("new")
				return ok && maps.Equal(e.Labels, map[string]string{"team": "net"})
			})
		}
		wantProtocol(t, c, 2, 2)
	})
}

func TestUpgrade_WhoeverLeadsHoldsBackWhatNotAllRead(t *testing.T) {
	for _, leader := range []string{"n1", "n3"} {
		t.Run(leader, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, _ := mixed(t, 3, "n1", "n2")
				lead(c, leader)
				for _, through := range []string{"n1", "n2"} {
					wantHeldBack(t, c, through, "protocol 2", "n3", "upgrade")
				}
				wantProtocol(t, c, 1, 1)
				// The old one is gone for good: those that are left need not
				// wait for it, though it may still follow the log for a while.
				out := c.Node("n3")
				if err := c.Node("n1").LeaveRaft(t.Context(), "n3:7000"); err != nil {
					t.Fatal(err)
				}
				c.Await("what is new is taken", func() bool {
					results, err := c.Node("n1").Propose(t.Context(), labelled("new"))
					return err == nil && results[0].Refused == nil
				})
				c.Await("it says that it was taken out", func() bool {
					return slices.Contains(out.Readiness().Problems, "this node was taken out of the cluster")
				})
				c.Never(time.Minute, "it ends", func() bool { return ended(out) })
			})
		})
	}
}

// TestUpgrade_WhoWasTakenOutSaysSo, and not that it can't read what the others
// said right afterwards: it hears of both at once.
func TestUpgrade_WhoWasTakenOutSaysSo(t *testing.T) {
	for range 5 { // what it notices first is left to chance
		bubble(t, func(t *testing.T) {
			c, _ := mixed(t, 3, "n1", "n2")
			lead(c, "n1")
			out := c.Node("n3")
			c.Net.Set("n1", "n3", simnet.Link{Cut: true, Of: simnet.OfRaft})
			for _, command := range []fsm.Command{fsm.RemoveObserver{Node: "n3"}, labelled("new")} {
				results, err := c.Node("n1").Propose(t.Context(), command)
				if err != nil || results[0].Refused != nil {
					t.Fatal(results, err)
				}
			}
			c.Heal()
			c.Await("it says that it was taken out", func() bool {
				return slices.Contains(out.Readiness().Problems, "this node was taken out of the cluster")
			})
			c.Never(time.Minute, "it ends", func() bool { return ended(out) })
		})
	}
}

func ended(n *node.Node) bool {
	select {
	case <-n.Done():
		return true
	default:
		return false
	}
}

// TestUpgrade_OneWriteHoldsUpNoOther: what is refused is alone in its entry.
func TestUpgrade_OneWriteHoldsUpNoOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, _ := mixed(t, 3, "n1", "n2")
		lead(c, "n3") // which can't read what is new
		var writing sync.WaitGroup
		for i := range 200 {
			writing.Go(func() {
				if i%2 == 0 {
					_, _ = c.Node("n1").Propose(t.Context(), labelled("new"))
					return
				}
				results, err := c.Node("n1").Propose(t.Context(), fsm.SetEndpoint{Key: "old", Value: "v"})
				if err != nil || results[0].Refused != nil {
					t.Errorf("a write that all can read: %v, %v", results, err)
				}
			})
		}
		writing.Wait()
	})
}

func TestUpgrade_NoWayBackOnceItIsUsed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, b := mixed(t, 3, "n1", "n2", "n3")
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)

		// Nothing new was said yet: one may go back.
		restartAs(c, "n3", b.downgrade)
		wantHeldBack(t, c, "n1", "n3 (version 1.0, protocol 1)")
		restartAs(c, "n3", func(name string) { b.upgrade(name) })
		c.Propose(labelled("new"))
		c.Await("n3 knows it", func() bool { return c.Node("n3").View().ProtocolInUse() == 2 })
		c.Stop("n3")

		// Started with the older build it is refused at once.
		b.downgrade("n3")
		err := c.TryRestart("n3")
		if !errors.Is(err, fsm.ErrTooNew) {
			t.Fatalf("the older build starts on newer data: %v", err)
		}
		wantWords(t, err, "takes protocol 2", "reads up to 1", "install the version of the other nodes", "nothing is lost")

		// With nothing on its disk the cluster refuses it.
		c.Wipe("n3")
		c.Restart("n3")
		wantEnd(t, c, "n3", "protocol 2", "install the version of the other nodes")

		// Nor does anybody come in who is new.
		joiner := c.Add()
		wantEnd(t, c, joiner, "the cluster does not take this node in", `"n4" (version 1.0) reads the log up to protocol 1`, "the cluster uses protocol 2", "install the version of the other nodes")
		if n := c.Node("n1").View().ObserverCount(); n != 3 {
			t.Errorf("%d observers, want 3", n)
		}
		b.upgrade("n3", joiner)
		c.Restart("n3")
		c.Restart(joiner)
		awaitReady(c, c.Names()...)
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Names()...)
	})
}

// TestUpgrade_AMemberThatMissedTheRaise: it was down when what is new was first
// used, so that its disk does not know, and comes back with the older build.
func TestUpgrade_AMemberThatMissedTheRaise(t *testing.T) {
	for _, test := range []struct {
		name     string
		mute     bool // so that it hears of it by the log alone
		snapshot bool
		words    []string
	}{
		{"is told", false, false, []string{"the cluster does not take this node in", "the cluster uses protocol 2"}},
		{"finds out by the log", true, false, []string{"of the replicated log can't be applied", "takes protocol 2"}},
		{"finds out by a snapshot", true, true, []string{"a snapshot of the cluster's state can't be read", "takes protocol 2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := &builds{newer: map[string]bool{}}
				b.upgrade("n1", "n2", "n3")
				c := clustertest.New(t, 3, clustertest.Options{Config: func(cfg *nodeConfig) {
					b.configure(cfg)
					if test.snapshot {
						cfg.Retention = node.Retention{Threshold: 5, Trailing: 1, Interval: time.Second}
					}
				}})
				missed := c.Others(c.Leader())[0]
				c.Stop(missed)
				c.Propose(labelled("new"))
				for range 20 {
					c.Set("db", time.Now().String())
					time.Sleep(time.Second)
				}
				b.downgrade(missed)
				if test.mute {
					for _, other := range c.Others(missed) {
						c.Net.Set(missed, other, simnet.Link{Cut: true, Of: simnet.OfCalls})
					}
				}
				c.Restart(missed)
				wantEnd(t, c, missed, append(test.words, "install the version of the other nodes", "nothing is lost")...)
				c.Heal()
				b.upgrade(missed)
				c.Restart(missed)
				awaitReady(c, missed)
				c.Await("it knows all", func() bool {
					_, ok := c.Node(missed).View().Endpoint("new")
					return ok
				})
			})
		})
	}
}

// TestUpgrade_AnOlderNodeComesInBetween: the leader has found that all can read
// what is new, and before it has put it in the log an older node comes in. That
// one can't read the entry, so nobody does.
func TestUpgrade_AnOlderNodeComesInBetween(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var c *clustertest.Cluster
		var before atomic.Pointer[func()] // what happens before the next such entry is written
		c = clustertest.New(t, 4, clustertest.Options{Config: func(cfg *nodeConfig) {
			asked := 0 // by one goroutine: gathered, found to be readable, written
			if cfg.Name != "n4" {
				cfg.Dialect = fsm.Dialect{Newest: 2, Since: func(command fsm.Command) fsm.Protocol {
					takes := sinceOfToCome(command)
					if happens := before.Load(); takes == 2 && happens != nil {
						if asked++; asked == 3 {
							before.Store(nil)
							(*happens)()
						}
					}
					return takes
				}}
			}
		}})
		lead(c, "n1")
		c.Stop("n4")
		if err := c.Node("n1").LeaveRaft(t.Context(), "n4:7000"); err != nil {
			t.Fatal(err)
		}
		c.Await("n1 knows that it is gone", func() bool { return c.Node("n1").View().Protocol() == 2 })
		before.Store(new(func() {
			c.Restart("n4")
			for c.Node("n1").View().Protocol() != 1 {
				time.Sleep(10 * time.Millisecond)
			}
		}))
		wantHeldBack(t, c, "n1", "the entry takes protocol 2", "n4 (protocol 1)")
		c.Set("old", "v")
		awaitReady(c, c.Names()...)
		for _, name := range c.Names() {
			c.Await(name+" knows what came after it", func() bool {
				_, ok := c.Node(name).View().Endpoint("old")
				return ok
			})
			if _, passed := c.Node(name).View().Endpoint("new"); passed {
				t.Errorf("%s has applied what n4 can't read", name)
			}
		}
		wantProtocol(t, c, 1, 1)
		// It passes over it again when it reads its log anew.
		c.Crash("n4")
		c.Restart("n4")
		awaitReady(c, "n4")
	})
}
