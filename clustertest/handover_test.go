package clustertest_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"tocsin/clustertest"
	"tocsin/clustertest/simnet"
	"tocsin/fsm"
)

// leaveBehind has a node hear the leader and not be heard by it: it follows, and its
// log stays behind, so that no transfer to it can succeed.
func leaveBehind(c *clustertest.Cluster, node string) {
	c.Net.Set(node, c.Leader(), simnet.Link{Cut: true, Of: simnet.OfRaft})
	for range 20 {
		c.Propose(fsm.SetEndpoint{Key: "db", Value: time.Now().String()})
		time.Sleep(time.Second)
	}
}

// TestCluster_ALeaderThatHearsTooFewTriesAnotherVoter, whether or not the first one
// that it has tried could take the lead later.
func TestCluster_ALeaderThatHearsTooFewTriesAnotherVoter(t *testing.T) {
	for _, healed := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			c := clustertest.New(t, 5)
			first := c.Leader()
			others := c.Others(first)
			behind := others[0]
			leaveBehind(c, behind)
			for _, o := range others {
				back := simnet.Link{Cut: true, Of: simnet.OfGossip}
				c.Net.Set(first, o, back)
				if o == behind {
					back.Of |= simnet.OfRaft
				}
				c.Net.Set(o, first, back)
			}
			if healed {
				time.Sleep(90 * time.Second)
				c.Net.Set(behind, first, simnet.Link{Cut: true, Of: simnet.OfGossip})
			}
			c.Await("another one leads", func() bool {
				l, known := c.Node(others[1]).Leader()
				return known && l.Node != first
			})
		})
	}
}

// TestCluster_ALeaderThatIsToGoAndFindsNoHeirSaysSoOnce: it is one voter too many, and
// of the other two one was tried, and one does not answer.
func TestCluster_ALeaderThatIsToGoAndFindsNoHeirSaysSoOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log lockedBuffer
		c := clustertest.New(t, 3, clustertest.Options{
			Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
		})
		first := c.Leader()
		behind, mute := c.Others(first)[0], c.Others(first)[1]
		for _, preferred := range []string{behind, mute} {
			c.Propose(fsm.PreferVoter{Node: preferred, Prefer: true})
		}
		leaveBehind(c, behind)
		c.Net.Set(mute, first, simnet.Link{Cut: true, Of: simnet.OfCalls})
		c.Net.Set(first, mute, simnet.Link{Cut: true, Of: simnet.OfCalls})
		for range 2 {
			if now, err := c.Node(first).TransferLeadership(t.Context(), behind); err == nil {
				t.Fatalf("%v leads, though it has not all of the log", now)
			}
		}
		settings := c.Node(first).View().Settings()
		settings.MaxVoters = 2
		if _, err := c.Node(first).Propose(t.Context(), fsm.ChangeSettings{Settings: settings}); err != nil {
			t.Fatal(err)
		}
		c.Never(2*time.Minute, "another one leads", func() bool {
			l, known := c.Node(mute).Leader()
			return known && l.Node != first
		})
		const reason = "it was to go to "
		if n := strings.Count(log.String(), reason+behind); n != 1 {
			t.Errorf("the log says %d times that %s was tried:\n%s", n, behind, &log)
		}
	})
}

// TestCluster_ANodeThatCouldNotHandTheLeadOverLeadsAgain: raft never ends a second
// transfer to a node that it can't bring its log to, and takes nothing in any later
// term while one is under way.
func TestCluster_ANodeThatCouldNotHandTheLeadOverLeadsAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		first := c.Leader()
		heir, other := c.Others(first)[0], c.Others(first)[1]
		leaveBehind(c, heir)
		for range 2 {
			if now, err := c.Node(first).TransferLeadership(t.Context(), heir); err == nil {
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
			_, err := c.Node(other).TransferLeadership(t.Context(), first)
			return err == nil && c.Leader() == first
		})
		c.Set("web", "v") // and it can be written
	})
}
