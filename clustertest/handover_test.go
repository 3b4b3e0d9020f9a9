package clustertest_test

import (
	"testing"
	"time"

	"tocsin/clustertest"
	"tocsin/clustertest/simnet"
	"tocsin/fsm"
)

// TestCluster_ANodeThatCouldNotHandTheLeadOverLeadsAgain: raft never ends a second
// transfer to a node that it can't bring its log to, and takes nothing in any later
// term while one is under way.
func TestCluster_ANodeThatCouldNotHandTheLeadOverLeadsAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		first := c.Leader()
		heir, other := c.Others(first)[0], c.Others(first)[1]
		// It hears the leader and is not heard by it, so it follows and stays behind.
		c.Net.Set(heir, first, simnet.Link{Cut: true, Of: simnet.OfRaft})
		for range 20 {
			c.Propose(fsm.SetEndpoint{Key: "db", Value: time.Now().String()})
			time.Sleep(time.Second)
		}
		for range 2 {
			if now, err := c.Node(first).TransferLead(t.Context(), heir); err == nil {
				t.Fatalf("%v leads, though it has not all of the log", now)
			}
		}
		c.Net.Set(first, other, simnet.Link{Cut: true})
		c.Net.Set(other, first, simnet.Link{Cut: true})
		c.Net.Set(first, heir, simnet.Link{Cut: true})
		c.Await("another one leads", func() bool {
			l, known := c.Node(other).Leader()
			return known && l.Node != first
		})
		c.Heal()
		c.Await("the first leads again", func() bool {
			_, err := c.Node(other).TransferLead(t.Context(), first)
			return err == nil && c.Leader() == first
		})
		c.Set("web", "v") // and it can be written
	})
}
