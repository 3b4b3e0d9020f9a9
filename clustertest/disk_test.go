package clustertest_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/clustertest"
	"tocsin/clustertest/simdisk"
	"tocsin/fsm"
	"tocsin/health"
)

// withDB brings up three nodes that watch db, which is up.
func withDB(t *testing.T) *clustertest.Cluster {
	t.Helper()
	c := clustertest.New(t, 3)
	c.Set("db", "db-1:5432")
	c.AwaitState("db", health.Up)
	return c
}

// awaitEnd waits until a node has ended by itself, and returns its last words.
func awaitEnd(t *testing.T, c *clustertest.Cluster, name string) string {
	t.Helper()
	n := c.Node(name)
	c.Await(name+" ends", func() bool {
		select {
		case <-n.Done():
			return true
		default:
			return false
		}
	})
	return n.Err().Error()
}

func says(problems []string, what string) bool {
	return strings.Contains(strings.Join(problems, "; "), what)
}

func TestCluster_ThePowerOfAllFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := withDB(t)
		c.Scripts.Take(5 * time.Second)
		c.World.Set("db", health.Down)
		c.Await("all are in the middle of their scripts", func() bool { return len(c.Scripts.All()) == 3 })
		if _, err := c.Node("n2").Propose(t.Context(), fsm.SetEndpoint{Key: "acknowledged", Value: "v"}); err != nil {
			t.Fatal(err)
		}
		c.PowerLoss(c.Names()...)
		for _, name := range c.Names() {
			c.Restart(name)
		}
		c.AwaitState("acknowledged", health.Up)
		c.AwaitNotified("db", health.Down, c.Names()...)
		for _, name := range c.Names() {
			if runs := c.Scripts.Of(name, "db"); len(runs) != 2 || runs[1].Attempt != 2 {
				t.Errorf("%s has the runs %+v, want one cut short and a second attempt", name, runs)
			}
		}
	})
}

func TestCluster_ALeaderWhoseDiskHangsEndsAndAnotherLeads(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := withDB(t)
		leader := c.Leader()
		mend := c.BreakDisk(leader, simdisk.Fault{Hangs: true})
		c.World.Set("db", health.Down)
		began := time.Now()
		if last := awaitEnd(t, c, leader); !strings.Contains(last, "the disk hangs") || !strings.Contains(last, "--data-dir") {
			t.Errorf("its last words are %q", last)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it ended after %v", took)
		}
		c.Stop(leader)
		c.AwaitNotified("db", health.Down, c.Others(leader)...)
		if err := c.TryRestart(leader); err == nil {
			t.Error("it is up, and its disk hangs")
		}
		mend()
		c.Restart(leader)
		c.AwaitNotified("db", health.Down, leader)
	})
}

func TestCluster_AFollowerWhoseDiskFailsEndsAndComesBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := withDB(t)
		follower := c.Others(c.Leader())[0]
		c.BreakDisk(follower, simdisk.Fault{On: simdisk.Raft, Err: syscall.EIO, Times: 1})
		c.World.Set("db", health.Down)
		if last := awaitEnd(t, c, follower); !strings.Contains(last, "input/output error") || !strings.Contains(last, "--data-dir") {
			t.Errorf("its last words are %q", last)
		}
		c.Stop(follower)
		c.Restart(follower)
		c.AwaitNotified("db", health.Down, c.Names()...)
	})
}

func TestCluster_TheLeadersDiskIsFull(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := withDB(t)
		full := c.Leader()
		mend := c.BreakDisk(full, simdisk.Fault{Err: syscall.ENOSPC})
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Others(full)...)
		leader := c.Leader()
		if leader == full {
			t.Fatalf("%s leads, and can write nothing", full)
		}
		term := c.Node(leader).Readiness().Leader
		c.Never(5*time.Minute, "the lead is fought for", func() bool {
			l, known := c.Node(leader).Leader()
			return !known || l.Node != leader
		})
		if r := c.Node(full).Readiness(); r.Ready || !says(r.Problems, "the disk is full") {
			t.Errorf("%s says that it is ready %v, with the problems %q, while %s leads", full, r.Ready, r.Problems, term)
		}
		mend()
		c.AwaitNotified("db", health.Down, full)
		c.Await("it is ready", func() bool { return c.Node(full).Readiness().Ready })
		wantRuns(t, c, full, "db", health.Down)
	})
}

func TestCluster_AllDisksAreFull(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := withDB(t)
		var mends []func()
		for _, name := range c.Names() {
			mends = append(mends, c.BreakDisk(name, simdisk.Fault{Err: syscall.ENOSPC}))
		}
		c.World.Set("db", health.Down)
		time.Sleep(10 * time.Minute)
		for _, name := range c.Names() {
			if r := c.Node(name).Readiness(); r.Ready {
				t.Errorf("%s calls itself ready", name)
			}
		}
		for _, mend := range mends {
			mend()
		}
		c.AwaitNotified("db", health.Down, c.Names()...)
		for _, name := range c.Names() {
			wantRuns(t, c, name, "db", health.Down)
		}
	})
}

func TestCluster_ALedgerWithoutRoomHoldsNotificationsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := withDB(t)
		mend := c.BreakDisk("n2", simdisk.Fault{On: simdisk.Ledger, Err: syscall.ENOSPC})
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, "n1", "n3")
		c.Await("it says so", func() bool { return says(c.Node("n2").Readiness().Problems, "the ledger can't be written") })
		c.Never(time.Minute, "a script runs that the ledger does not know of", func() bool { return len(c.Scripts.Of("n2", "db")) > 0 })
		mend()
		c.AwaitNotified("db", health.Down, "n2")
		wantRuns(t, c, "n2", "db", health.Down)
	})
}

// With a raft store without room a node comes up all the same, to say so.
func TestCluster_ANodeComesUpOnARaftStoreThatIsFull(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := withDB(t)
		c.Crash("n2")
		mend := c.BreakDisk("n2", simdisk.Fault{On: simdisk.Raft, Err: syscall.ENOSPC})
		up := make(chan struct{})
		go func() {
			select {
			case <-up:
			case <-time.After(time.Minute):
				t.Error("it does not come up")
				mend()
			}
		}()
		c.Restart("n2")
		close(up)
		c.Set("more", "v")
		c.Await("it says why it is not ready", func() bool { return says(c.Node("n2").Readiness().Problems, "the disk is full") })
		mend()
		c.Await("it is ready", func() bool { return c.Node("n2").Readiness().Ready })
	})
}

func TestCluster_ALedgerIsLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := withDB(t)
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Names()...)
		c.Crash("n2")
		c.LoseLedger("n2")
		c.World.Set("db", health.Up)
		c.AwaitNotified("db", health.Up, "n1", "n3")
		c.Restart("n2")
		c.AwaitNotified("db", health.Up, "n2")
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Names()...)
	})
}

func TestCluster_AnOlderLedgerIsPutBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := withDB(t)
		c.Backup("n2")
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Names()...)
		time.Sleep(10 * time.Second)
		c.Crash("n2")
		c.PutLedgerBack("n2")
		c.Restart("n2")
		c.Await("it is ready", func() bool { return c.Node("n2").Readiness().Ready })
		time.Sleep(time.Minute)
		c.World.Set("db", health.Up)
		c.AwaitNotified("db", health.Up, c.Names()...)
		// The cluster knows that it ran the first event, which its ledger does not.
		wantRuns(t, c, "n2", "db", health.Down, health.Up)
	})
}

// A node with an older copy of all that it had says so, and ends. It does not
// fill the log with its asking.
func TestCluster_AnOlderDiskIsPutBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := withDB(t)
		c.Backup("n2")
		for range 3 {
			c.Crash("n2")
			c.Restart("n2")
			c.Await("it is ready", func() bool { return c.Node("n2").Readiness().Ready })
		}
		c.Crash("n2")
		c.PutBack("n2")
		before := c.Node("n1").Readiness().Index
		c.Restart("n2")
		if last := awaitEnd(t, c, "n2"); !strings.Contains(last, "an older copy") {
			t.Errorf("its last words are %q", last)
		}
		c.Stop("n2")
		if written := c.Node("n1").Readiness().Index - before; written > 50 {
			t.Errorf("the log has grown by %d entries", written)
		}
		c.Wipe("n2")
		c.Restart("n2")
		c.Await("it is back as a new member", func() bool { return c.Node("n2").Readiness().Ready })
	})
}
