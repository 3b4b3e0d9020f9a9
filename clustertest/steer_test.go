package clustertest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/clustertest"
	"tocsin/fsm"
	"tocsin/health"
)

// votersOn returns who votes in raft, as one node sees it.
func votersOn(t *testing.T, c *clustertest.Cluster, name string) (voters []string) {
	t.Helper()
	servers, err := c.Node(name).RaftServers()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range servers {
		if s.Voter {
			voters = append(voters, s.Node)
		}
	}
	slices.Sort(voters)
	return voters
}

func TestCluster_TheLeadIsHandedOverWhenAsked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		before := c.Leader()
		followers := c.Others(before)
		// Through a node that neither leads nor is to.
		now, err := c.Node(followers[0]).TransferLeadership(t.Context(), followers[1])
		if err != nil || now.Node != followers[1] {
			t.Fatalf("%v leads, %v", now, err)
		}
		if leader := c.Leader(); leader != followers[1] {
			t.Errorf("%s leads", leader)
		}
		c.Set("db", "v") // and it can be written
		if _, err := c.Node(before).TransferLeadership(t.Context(), "nobody"); err == nil || !strings.Contains(err.Error(), "no member") {
			t.Errorf("got %v", err)
		}
		c.Crash(before)
		c.Await(before+" is not heard", func() bool {
			_, err := c.Node(followers[0]).TransferLeadership(t.Context(), before)
			return err != nil && strings.Contains(err.Error(), "can't lead")
		})
		if leader := c.Leader(); leader != followers[1] {
			t.Errorf("what was refused has moved the lead to %s", leader)
		}
	})
}

// TestCluster_TheLeadGoesToNoneThatHasJustDied, though its last ballot counts still.
func TestCluster_TheLeadGoesToNoneThatHasJustDied(t *testing.T) {
	for i := range 2 {
		bubble(t, func(t *testing.T) {
			c := clustertest.New(t, 3)
			before := c.Leader()
			others := c.Others(before)
			dead, alive := others[i], others[1-i]
			c.Crash(dead)
			started := time.Now()
			if _, err := c.Node(before).TransferLeadership(t.Context(), dead); err == nil || !strings.Contains(err.Error(), "does not answer now; "+alive+" could") {
				t.Errorf("to %s, which is dead: %v", dead, err)
			}
			now, err := c.Node(before).TransferLeadership(t.Context(), "")
			if err != nil || now.Node != alive || time.Since(started) > 3*time.Second {
				t.Errorf("%v leads after %v, %v", now, time.Since(started), err)
			}
		})
	}
}

func TestCluster_ANodeIsNotTakenOutThatTheQuorumNeeds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		leader := c.Leader()
		others := c.Others(leader)
		c.Crash(others[0])
		remove := func(node string, force bool) error {
			return c.Node(leader).RemoveMember(t.Context(), node, force)
		}
		time.Sleep(10 * time.Second) // until its last ballot counts no more
		if err := remove(others[1], false); err == nil || !strings.Contains(err.Error(), "nothing could be committed") {
			t.Fatalf("got %v", err)
		}
		if err := remove(others[0], false); err != nil {
			t.Fatalf("the one that is silent: %v", err)
		}
		c.Await("two vote", func() bool { return len(votersOn(t, c, leader)) == 2 })
		c.Set("db", "v")
		c.AwaitState("db", health.Up)
		if err := remove(others[1], false); err != nil {
			t.Fatalf("one of two that are heard: %v", err)
		}
		c.Await("one votes", func() bool { return len(votersOn(t, c, leader)) == 1 })
		if err := remove(leader, true); err == nil || !strings.Contains(err.Error(), "the last node") {
			t.Errorf("got %v", err)
		}
	})
}

func TestCluster_APreferredNodeTakesThePlaceOfAnother(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 4, clustertest.Options{Settings: func(s *fsm.ClusterSettings) { s.MaxVoters = 3 }})
		leader := c.Leader()
		voters := votersOn(t, c, leader)
		out := slices.DeleteFunc(c.Names(), func(name string) bool { return slices.Contains(voters, name) })
		if len(voters) != 3 || len(out) != 1 {
			t.Fatalf("%v vote", voters)
		}
		c.Propose(fsm.PreferVoter{Node: out[0], Prefer: true})
		c.Await(out[0]+" votes, and three do", func() bool {
			now := votersOn(t, c, c.Leader())
			return len(now) == 3 && slices.Contains(now, out[0])
		})
		c.Set("db", "v")
		c.AwaitState("db", health.Up)
		// It is remembered.
		c.Stop(out[0])
		c.Restart(out[0])
		c.Await(out[0]+" is back and still preferred", func() bool {
			o, known := c.Node(c.Leader()).View().Observer(out[0])
			return known && o.Preferred && c.Node(out[0]).Readiness().Ready
		})
	})
}

func TestCluster_WhatWasGivenUpIsRunAgainWhenTheNodeIsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		failing := c.Others(c.Leader())[0]
		c.Scripts.Exit(func(n clustertest.Notification) int {
			if n.Node == failing {
				return 2
			}
			return 0
		})
		c.Set("db", "v")
		c.AwaitState("db", health.Up)
		c.World.Set("db", health.Down)
		c.AwaitState("db", health.Down)
		other := c.Others(failing)[0]
		c.Await("it was given up", func() bool { return c.Node(other).View().UnattendedCount() == 1 })
		e, _ := c.Node(other).View().Endpoint("db")
		c.Crash(failing)
		c.Scripts.Exit(func(clustertest.Notification) int { return 0 })
		c.Propose(fsm.RetryNotification{Event: e.LastEvent})
		c.Restart(failing)
		c.Await("it is done", func() bool {
			o, ok := c.Node(other).View().Outcome(e.LastEvent, failing)
			return ok && o.Ending == fsm.Done && o.Attempt == 2
		})
		if runs := c.Scripts.Of(failing, "db"); len(runs) != 2 || runs[1].Attempt != 2 {
			t.Errorf("it ran as %+v", runs)
		}
	})
}
