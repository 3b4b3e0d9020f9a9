package clustertest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/clustertest"
	"tocsin/fsm"
)

// catchUp asks a node to come to know what the leader knows, for at most two
// seconds.
func catchUp(t *testing.T, c *clustertest.Cluster, node string, verified bool) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	return c.Node(node).CatchUp(ctx, verified)
}

func valueOn(c *clustertest.Cluster, node, key string) string {
	e, ok := c.Node(node).View().Endpoint(key)
	if !ok {
		return ""
	}
	return e.Value
}

// TestCluster_AFreshReadSeesEveryAcknowledgedWrite goes through one node and
// reads on all the others at once.
func TestCluster_AFreshReadSeesEveryAcknowledgedWrite(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5)
		for i := range 20 {
			writer, value := c.Names()[i%5], fmt.Sprint(i)
			if _, err := c.Node(writer).Propose(t.Context(), fsm.SetEndpoint{Key: "db", Value: value}); err != nil {
				t.Fatal(err)
			}
			for _, reader := range c.Names() {
				if err := catchUp(t, c, reader, i%2 == 0); err != nil {
					t.Errorf("%s: %v", reader, err)
				} else if got := valueOn(c, reader, "db"); got != value {
					t.Errorf("%s reads %q, and %q was acknowledged", reader, got, value)
				}
			}
		}
	})
}

// TestCluster_ALeaderThatWasCutOffAnswersNoLinearizableRead lets the rest elect
// another one and write, while the old one may still believe that it leads.
func TestCluster_ALeaderThatWasCutOffAnswersNoLinearizableRead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5)
		c.Set("db", "old")
		old := c.Leader()
		rest := c.Others(old)
		if err := catchUp(t, c, old, true); err != nil {
			t.Fatalf("before the cut: %v", err)
		}
		c.Partition([]string{old}, rest)
		// What was under way at the cut may rightly confirm the lead, and has
		// arrived by now; the lease of the leader has not run out yet.
		time.Sleep(150 * time.Millisecond)
		if err := catchUp(t, c, old, false); err != nil {
			t.Errorf("it believes to lead, and does not answer as the leader: %v", err)
		}
		if err := catchUp(t, c, old, true); !errors.Is(err, api.ErrNoLeader) && !errors.Is(err, api.ErrBehind) {
			t.Errorf("nobody confirms it, and it says %v", err)
		}
		c.Await("the rest has written", func() bool {
			_, err := c.Node(rest[0]).Propose(t.Context(), fsm.SetEndpoint{Key: "db", Value: "new"})
			return err == nil
		})
		for range 20 {
			err := catchUp(t, c, old, true)
			if !errors.Is(err, api.ErrNoLeader) && !errors.Is(err, api.ErrBehind) {
				t.Fatalf("the old leader says %v, and answers %q, cut off as it is", err, valueOn(c, old, "db"))
			}
			time.Sleep(200 * time.Millisecond)
		}
		for _, name := range rest {
			if err := catchUp(t, c, name, true); err != nil || valueOn(c, name, "db") != "new" {
				t.Errorf("%s reads %q, %v", name, valueOn(c, name, "db"), err)
			}
		}
		c.Heal()
		c.Await("the old leader can be read again", func() bool { return catchUp(t, c, old, true) == nil })
		if got := valueOn(c, old, "db"); got != "new" {
			t.Errorf("the old leader reads %q after it has caught up", got)
		}
	})
}

// TestCluster_AMemberThatComesBackDoesNotTellOfAnEmptyCluster: with its log alone
// it says that it does not know, for as long as there is no leader, and then goes
// over to all that was acknowledged, without a moment in between.
func TestCluster_AMemberThatComesBackDoesNotTellOfAnEmptyCluster(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		for i := range 30 {
			c.Set(fmt.Sprint("e", i), "v")
		}
		for _, name := range c.Names() {
			c.Crash(name)
		}
		c.Restart("n1")
		n1 := callerOf(t, c, "n1")
		n1.wantBehind("/v1/endpoints/e29", "just started")
		time.Sleep(time.Minute)
		n1.wantBehind("/v1/endpoints/e29", "found no leader", "tocsin recover majority")
		n1.wantBehind("/v1/status")
		if answer := n1.get("/v1/members"); answer.Code != 200 {
			t.Errorf("who belongs to it: %d %s", answer.Code, answer.Body)
		}
		c.Restart("n2")
		for began := time.Now(); ; time.Sleep(time.Millisecond) {
			if answer := n1.get("/v1/endpoints/e29"); answer.Code == 200 {
				break
			}
			n1.wantBehind("/v1/endpoints/e29")
			if time.Since(began) > time.Minute {
				t.Fatal("it does not come to know what its cluster holds")
			}
		}
	})
}

// TestCluster_AMemberTellsOfItsSnapshotWhileThereIsNoLeader: what that holds was so.
func TestCluster_AMemberTellsOfItsSnapshotWhileThereIsNoLeader(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3, clustertest.Options{Config: func(cfg *nodeConfig) {
			cfg.Retention.Threshold, cfg.Retention.Interval = 8, time.Second
		}})
		c.Set("early", "v")
		for i := range 30 {
			c.Set(fmt.Sprint("e", i), "v")
		}
		time.Sleep(10 * time.Second)
		c.Set("late", "v")
		for _, name := range c.Names() {
			c.Crash(name)
		}
		c.Restart("n1")
		n1 := callerOf(t, c, "n1")
		n1.wantBehind("/v1/endpoints/early", "just started")
		time.Sleep(api.StartingTime)
		if answer := n1.get("/v1/endpoints/early"); answer.Code != 200 {
			t.Errorf("what was so: %d %s", answer.Code, answer.Body)
		}
		if answer := n1.get("/v1/endpoints/early?consistency=leader"); answer.Code != 503 {
			t.Errorf("what a leader knows: %d %s", answer.Code, answer.Body)
		}
		c.Restart("n2")
		c.Await("it knows all that was acknowledged", func() bool { return n1.get("/v1/endpoints/late").Code == 200 })
	})
}
