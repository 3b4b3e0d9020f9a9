package clustertest_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/api/peer"
	"tocsin/clustertest"
	"tocsin/clustertest/simnet"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/node"
)

// Each of these once went wrong.

func TestCluster_AWipedVoterDoesNotVoteAnAcknowledgedWriteAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		leader := c.Leader()
		wiped, behind := c.Others(leader)[0], c.Others(leader)[1]
		c.Partition([]string{leader, wiped}, []string{behind})
		time.Sleep(10 * time.Second)
		if _, err := c.Node(leader).Propose(t.Context(), fsm.SetEndpoint{Key: "acknowledged", Value: "v"}); err != nil {
			t.Fatal(err)
		}
		c.Crash(wiped)
		c.Crash(leader)
		c.Heal()
		c.Wipe(wiped)
		c.Restart(wiped)
		time.Sleep(time.Minute)
		c.Restart(leader)
		c.Await("all know what was acknowledged", func() bool {
			for _, name := range c.Names() {
				if _, ok := c.Node(name).View().Endpoint("acknowledged"); !ok {
					return false
				}
			}
			return true
		})
	})
}

func TestCluster_TwoThatAreToldToBootstrapFoundOne(t *testing.T) {
	for _, apart := range []time.Duration{0, 10 * time.Millisecond, 500 * time.Millisecond, time.Second, 4 * time.Second} {
		for _, first := range []string{"n1", "n2"} {
			t.Run(first+" first, "+apart.String(), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					c := clustertest.New(t, 2, clustertest.Options{Config: func(cfg *nodeConfig) {
						cfg.Bootstrap = true
						cfg.Join = []string{"n1:6000", "n2:6000"}
					}})
					for _, name := range c.Names() {
						c.Crash(name)
						c.Wipe(name)
					}
					c.Restart(first)
					time.Sleep(apart)
					c.Restart(c.Others(first)[0])
					c.Await("both are in one cluster", func() bool {
						a, b := c.Node("n1").View(), c.Node("n2").View()
						return a.ClusterID() != "" && a.ClusterID() == b.ClusterID() && a.ObserverCount() == 2
					})
				})
			})
		}
	}
}

func TestCluster_TheLeaderIsTakenOutThroughAnotherNode(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		out := c.Leader()
		rest := c.Others(out)
		if err := c.Node(rest[0]).LeaveRaft(t.Context(), out+":7000"); err != nil {
			t.Fatal(err)
		}
		c.Await("the rest leads and has forgotten it", func() bool {
			leader, ok := c.Node(rest[0]).Leader()
			servers, err := c.Node(rest[0]).RaftServers()
			return ok && leader.Node != out && err == nil && len(servers) == 2
		})
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, rest...)
		c.Await("a leader's run has ended", func() bool {
			for range c.Node(rest[0]).View().AwaitingLeader() {
				return false
			}
			return true
		})
		wantRuns(t, c, out, "db")

		// It can be brought back only by starting it again.
		if err := c.Node(rest[0]).JoinRaft(t.Context(), out+":7000"); err == nil {
			t.Error("a node that has retired was taken in again while it runs")
		}
		if _, err := c.Node(out).Propose(t.Context(), fsm.DeleteEndpoint{Key: "db"}); err == nil {
			t.Error("a node that was taken out took a write")
		}
		c.Stop(out)
		c.Restart(out)
		c.Await("it takes part again", func() bool { return c.Node(out).Readiness().Ready })
		c.World.Set("db", health.Up)
		c.AwaitNotified("db", health.Up, c.Names()...)
	})
}

func TestCluster_AWriteOutlastsAnOrdinaryElection(t *testing.T) {
	for seed := range uint64(5) {
		bubble(t, func(t *testing.T) {
			c := clustertest.New(t, 3, clustertest.Options{Seed: seed})
			c.Crash(c.Leader())
			if _, err := c.Node(c.Up()[0]).Propose(t.Context(), fsm.SetEndpoint{Key: "db", Value: "v"}); err != nil {
				t.Errorf("a write during an election: %v", err)
			}
		})
	}
}

func TestCluster_AWriteThatWasGivenUpIsNotSentLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		via := c.Others(c.Leader())[0]
		c.Partition([]string{via}, c.Others(via))
		// Fill the entries that may be under way, so that what follows waits.
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		done := make(chan error)
		const stuck = 8
		for range stuck {
			go func() {
				_, err := c.Node(via).Propose(impatient, fsm.SetEndpoint{Key: "filler", Value: "v"})
				done <- err
			}()
		}
		time.Sleep(100 * time.Millisecond)
		go func() {
			_, err := c.Node(via).Propose(impatient, fsm.SetEndpoint{Key: "db", Value: "old, given up"})
			done <- err
		}()
		for range stuck + 1 {
			if err := <-done; err == nil {
				t.Error("a write through a node that is cut off was acknowledged")
			}
		}
		other := c.Others(via)[0]
		if _, err := c.Node(other).Propose(t.Context(), fsm.SetEndpoint{Key: "db", Value: "new, acknowledged"}); err != nil {
			t.Fatal(err)
		}
		c.Heal()
		time.Sleep(time.Minute)
		if e, ok := c.Node(other).View().Endpoint("db"); !ok || e.Value != "new, acknowledged" {
			t.Errorf("db is %+v", e)
		}
	})
}

func TestCluster_ALateWordOfADeadProcessIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		name := c.Others(c.Leader())[0]
		dead, ok := c.Node(name).View().Observer(name)
		if !ok {
			t.Fatalf("%s is no observer", name)
		}
		c.Crash(name)
		c.Restart(name)
		c.Await("its next process takes part", func() bool { return c.Node(name).Readiness().Ready })
		_, err := c.Node(c.Leader()).Register(t.Context(), peer.Registration{
			ClusterID: c.Node(name).View().ClusterID(), Node: name, Incarnation: dead.Incarnation,
			Disk: dead.Disk, Start: dead.Start, Raft: dead.Raft, Gossip: dead.Gossip, HTTP: dead.HTTP,
		})
		if refused, ok := errors.AsType[*fsm.Refusal](err); !ok || refused.Code != fsm.Conflict {
			t.Errorf("the word of the dead process was answered %v, want a conflict", err)
		}
		c.Never(time.Minute, "the live process ends", func() bool { return !c.Node(name).Readiness().Ready })
	})
}

// A node that lost its disk founds a cluster while the others are stopped, and
// they come back and take it for one of their own.
func TestCluster_TwoClustersThatMeetDoNotMix(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		id := c.Node("n2").View().ClusterID()
		for _, name := range c.Names() {
			c.Crash(name)
		}
		c.Wipe("n1")
		c.Restart("n1") // it founds another cluster: nobody answers
		c.Await("n1 has founded a cluster", func() bool { return c.Node("n1").View().ClusterID() != "" })
		stranger := c.Node("n1").View().ClusterID()
		c.Restart("n2")
		c.Restart("n3")
		c.Await("the others go on without it", func() bool {
			_, err := c.Node("n2").Propose(t.Context(), fsm.SetEndpoint{Key: "after", Value: "v"})
			return err == nil
		})
		c.Never(2*time.Minute, "the clusters mix", func() bool {
			v := c.Node("n1").View()
			return v.ClusterID() != stranger || v.EndpointCount() > 0
		})
		if got := c.Node("n3").View().ClusterID(); got != id {
			t.Errorf("n3 is in the cluster %q, and was in %q", got, id)
		}
		if runs := c.Scripts.All(); len(runs) > 0 {
			t.Errorf("notifications were run: %+v", runs)
		}
	})
}

func TestCluster_AShorterRefreshIntervalBlindsNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3, clustertest.Options{Settings: func(s *fsm.ClusterSettings) {
			s.BallotRefresh = fsm.Duration(10 * time.Minute)
		}})
		settings := c.Node("n1").View().Settings()
		settings.BallotRefresh = fsm.Duration(time.Second)
		time.Sleep(time.Minute)
		c.Propose(fsm.ChangeSettings{Settings: settings})
		time.Sleep(5 * time.Second)
		c.Never(15*time.Minute, "a node is not ready", func() bool { return !c.Node("n1").Readiness().Ready })
	})
}

// cutGossip cuts the gossip between a node and all others.
func cutGossip(c *clustertest.Cluster, name string) {
	for _, other := range c.Others(name) {
		c.Net.Set(name, other, simnet.Link{Cut: true, Of: simnet.OfGossip})
		c.Net.Set(other, name, simnet.Link{Cut: true, Of: simnet.OfGossip})
	}
}

// The leader hears no ballots any more, and raft goes on: it would lead for ever
// and decide nothing.
func TestCluster_ALeaderThatHearsTooFewHandsTheLeadOver(t *testing.T) {
	for _, nodes := range []int{3, 5} {
		t.Run(fmt.Sprintf("%d nodes", nodes), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := clustertest.New(t, nodes)
				c.Set("db", "db-1:5432")
				c.AwaitState("db", health.Up)
				deaf := c.Leader()
				cutGossip(c, deaf)
				began := time.Now()
				c.World.Set("db", health.Down)
				c.AwaitState("db", health.Down)
				if took := time.Since(began); took > 12*time.Second {
					t.Errorf("it took %v to decide", took)
				}
				leader := c.Leader()
				if leader == deaf {
					t.Error("whoever hears nobody leads still")
				}
				c.Never(3*time.Minute, "the lead moves again", func() bool {
					now, known := c.Node(leader).Leader()
					return known && now.Node != leader
				})
			})
		})
	}
}

// Where nobody hears enough the lead stays where it is.
func TestCluster_TheLeadIsNotHandedRoundWhereNobodyHearsMore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5)
		leader := c.Leader()
		for _, name := range c.Names() {
			cutGossip(c, name)
		}
		c.Await("the leader says that it is cut off", func() bool { return !c.Node(leader).Readiness().Ready })
		c.Never(5*time.Minute, "the lead moves", func() bool {
			now, known := c.Node(leader).Leader()
			return !known || now.Node != leader
		})
	})
}

// TestCluster_AWriteWaitsForTheFounding: one that came between the election of
// the first leader and the founding was committed before the settings were, so
// that its endpoint had no check, no interval and no deadline.
func TestCluster_AWriteWaitsForTheFounding(t *testing.T) {
	bubble(t, func(t *testing.T) {
		elected, written := make(chan struct{}), make(chan error, 1)
		c := clustertest.New(t, 1, clustertest.Options{
			Outside: func(_ clustertest.Life, out *node.Outside) {
				out.Raft.Log = &slowFirst{LogStore: out.Raft.Log, reached: elected}
			},
			Started: func(_ clustertest.Life, n *node.Node) {
				go func() {
					<-elected
					_, err := n.Propose(t.Context(), fsm.SetEndpoint{Key: "early", Value: "v"})
					written <- err
				}()
			},
		})
		if err := <-written; err != nil {
			t.Fatal(err)
		}
		view := c.Node("n1").View()
		if e, ok := view.Endpoint("early"); !ok || e.Generation <= view.SettingsIndex() {
			t.Errorf("the endpoint is %+v, and the settings are of entry %d: want it after them", e, view.SettingsIndex())
		}
	})
}

// slowFirst takes its time for the first entry of a leader.
type slowFirst struct {
	raft.LogStore
	reached chan struct{} // closed then
	once    sync.Once
}

// StoreLogs implements raft.LogStore.
func (s *slowFirst) StoreLogs(entries []*raft.Log) error {
	if entries[0].Type == raft.LogNoop {
		s.once.Do(func() {
			close(s.reached)
			time.Sleep(time.Second)
		})
	}
	return s.LogStore.StoreLogs(entries)
}
