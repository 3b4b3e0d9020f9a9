package clustertest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tocsin/clustertest"
	"tocsin/health"
)

// awaitMoved waits until all nodes hold that name is where it listens now: as an
// observer, in raft and in the gossip; and that all are ready.
func awaitMoved(t *testing.T, c *clustertest.Cluster, names ...string) {
	t.Helper()
	c.Await(fmt.Sprintf("all know where %v are, and are ready", names), func() bool {
		return !slices.ContainsFunc(c.Names(), func(on string) bool {
			return !c.Node(on).Readiness().Ready || slices.ContainsFunc(names, func(name string) bool { return !knowsWhere(t, c, on, name) })
		})
	})
}

func knowsWhere(t *testing.T, c *clustertest.Cluster, on, name string) bool {
	t.Helper()
	self := c.Node(name).Self()
	o, ok := c.Node(on).View().Observer(name)
	servers, err := c.Node(on).RaftServers()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range c.Node(on).GossipMembers() {
		if m.Name == name && (!m.Alive || m.Address != self.Gossip) {
			return false
		}
	}
	return ok && o.Raft == self.Raft && o.HTTP == self.HTTP && o.Gossip == self.Gossip &&
		slices.ContainsFunc(servers, func(s raftServer) bool { return s.Node == name && s.Address == self.Raft && s.Voter })
}

// Each node in turn, the leader among them, comes back under other addresses:
// after it was stopped, and after it has crashed, when the others still take it
// for alive where it was.
func TestCluster_NodesMoveOneByOne(t *testing.T) {
	for _, how := range []string{"stopped", "crashed"} {
		t.Run(how, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := clustertest.New(t, 3)
				c.Set("db", "db-1:5432")
				c.AwaitState("db", health.Up)
				state := health.Up
				for _, name := range c.Names() {
					if how == "stopped" {
						c.Stop(name)
					} else {
						c.Crash(name)
					}
					c.Move(name)
					c.Restart(name)
					began := time.Now()
					awaitMoved(t, c, name)
					t.Logf("%s moved, all knew after %v", name, time.Since(began).Round(time.Second))
					state = map[health.Status]health.Status{health.Up: health.Down, health.Down: health.Up}[state]
					c.World.Set("db", state)
					c.AwaitNotified("db", state, c.Names()...)
				}
			})
		})
	}
}

// skipUnderRaceDetector is for tests in which a node that answers gets another
// address. There raft 1.8.0 writes the whole record of the peer under a lock, and
// reads the name in it without one (replication.go, updateLastAppended). The name
// does not change, so nothing comes of it; the detector can't know.
func skipUnderRaceDetector(t *testing.T) {
	t.Helper()
	if clustertest.RaceDetector {
		t.Skip("raft reads the name of a peer beside the change of its address")
	}
}

// A subnet moves: nobody is where the others have it, in raft or in the gossip,
// and only --join names the new addresses.
func TestCluster_AllNodesMoveAtOnce(t *testing.T) {
	skipUnderRaceDetector(t)
	for _, n := range []int{3, 5} {
		t.Run(fmt.Sprintf("%d nodes", n), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := clustertest.New(t, n)
				c.Set("db", "db-1:5432")
				c.AwaitState("db", health.Up)
				for _, name := range c.Names() {
					c.Crash(name)
				}
				for _, name := range c.Names() {
					c.Move(name)
				}
				for _, name := range c.Names() {
					c.Restart(name)
				}
				awaitMoved(t, c, c.Names()...)
				c.World.Set("db", health.Down)
				c.AwaitNotified("db", health.Down, c.Names()...)
			})
		})
	}
}

// Most nodes move, and the one that stays has no leader to register them with.
func TestCluster_AMajorityMovesAtOnce(t *testing.T) {
	skipUnderRaceDetector(t)
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		gone := append([]string{c.Leader()}, c.Others(c.Leader())[:3]...)
		for _, name := range gone {
			c.Stop(name)
			c.Move(name)
		}
		for _, name := range gone[:3] {
			c.Restart(name)
		}
		c.Await("four of five have a leader", func() bool {
			return !slices.ContainsFunc(c.Up(), func(name string) bool { return c.Node(name).Readiness().Leader == "" })
		})
		c.Restart(gone[3])
		awaitMoved(t, c, gone...)
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Names()...)
	})
}

// A dead node is replaced: by one of its name on another machine with an empty
// disk, or by one of another name after it was taken out.
func TestCluster_ADeadNodeIsReplaced(t *testing.T) {
	for _, by := range []string{"one of the same name", "one of another name"} {
		t.Run(by, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := clustertest.New(t, 3)
				c.Set("db", "db-1:5432")
				c.AwaitState("db", health.Up)
				dead := c.Leader()
				left := c.Others(dead)
				raftAddress := c.Node(dead).Self().Raft
				c.Crash(dead)
				// What happens while it is dead is its successor's history only if
				// it has the same name.
				c.World.Set("db", health.Down)
				c.AwaitNotified("db", health.Down, left...)
				successor := dead
				if by == "one of the same name" {
					time.Sleep(5 * time.Second) // for so long it is taken for alive
					c.Wipe(dead)
					c.Move(dead)
					c.Restart(dead)
				} else {
					if err := c.Node(left[0]).LeaveRaft(t.Context(), raftAddress); err != nil {
						t.Fatal(err)
					}
					successor = c.Add()
				}
				now := append(left, successor)
				c.Await("three are voters, and ready", func() bool {
					for _, name := range now {
						servers, err := c.Node(name).RaftServers()
						if err != nil || len(servers) != 3 || c.Node(name).View().ObserverCount() != 3 || !c.Node(name).Readiness().Ready ||
							slices.ContainsFunc(servers, func(s raftServer) bool { return !s.Voter || !slices.Contains(now, s.Node) }) {
							return false
						}
					}
					return true
				})
				c.World.Set("db", health.Up)
				c.AwaitNotified("db", health.Up, now...)
			})
		})
	}
}

// Somebody copies the data directory of a node to another machine and starts it
// there: of two processes with one identity the older one ends, and the cluster
// goes on with the other.
func TestCluster_OfAClonedNodeTheOlderProcessEnds(t *testing.T) {
	skipUnderRaceDetector(t)
	for _, who := range []string{"a follower", "the leader"} {
		t.Run(who, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := clustertest.New(t, 3)
				c.Set("db", "db-1:5432")
				c.AwaitState("db", health.Up)
				original := c.Leader()
				c.Stop(original)
				clone := c.Clone(original)
				c.Restart(original)
				c.Await("all are ready", func() bool {
					return !slices.ContainsFunc(c.Up(), func(name string) bool { return !c.Node(name).Readiness().Ready })
				})
				for leader := c.Leader(); (leader == original) != (who == "the leader"); leader = c.Leader() {
					c.Stop(leader)
					c.Restart(leader)
				}
				older := c.Node(original)
				c.Restart(clone)
				c.Await("the older process has ended and said why", func() bool {
					return older.Err() != nil
				})
				t.Log(older.Err())
				c.Stop(original) // as its process does then
				c.Await("the clone is the node", func() bool {
					r := c.Node(clone).Readiness()
					return r.Ready && r.Node == original
				})
				others := c.Others(original, clone)
				c.World.Set("db", health.Down)
				c.AwaitNotified("db", health.Down, others...)
				for _, name := range others {
					if n := c.Node(name).View().ObserverCount(); n != 3 {
						t.Errorf("%s has %d observers, want 3", name, n)
					}
				}
			})
		})
	}
}
