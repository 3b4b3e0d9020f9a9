//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/scripts/servicetest"
)

// TestFailover is the whole story with real daemons and the shipped scripts: two
// machines with an HAProxy and a client each that writes all the time, a Redis and
// its replica, and five nodes. The master is killed, and later made the master
// again on command. It prints how long nobody could write, and how many
// acknowledged writes were lost (docs/scripts/failover.md says what came of it).
func TestFailover(t *testing.T) {
	f := newFailover(t)
	f.awaitState(t, "UP")
	clients := []*client{
		startClient(t, "plain", f.fronts[0], false),
		startClient(t, "careful", f.fronts[1], true),
	}
	for _, c := range clients {
		c.awaitWrites(t, 100)
	}

	f.primary.Kill()
	f.awaitState(t, "DOWN")
	for _, c := range clients {
		c.awaitWrites(t, 100)
		c.report(t, "the master is killed")
	}
	f.awaitNotified(t)

	// It comes back as what it was, with what it had, which is nothing here. It
	// must not be used before somebody has made it a replica.
	f.primary = servicetest.StartRedis(t, f.primary.Address)
	f.awaitWhy(t, "two masters")
	f.primary.Do(t, "REPLICAOF", "127.0.0.1", servicetest.Port(f.standby.Address))
	f.primary.AwaitReplica(t)
	for _, c := range clients {
		c.awaitWrites(t, 100)
		c.forget() // the time before
	}

	// The command.
	f.standby.FailOver(t, f.primary)
	f.awaitState(t, "UP")
	for _, c := range clients {
		c.awaitWrites(t, 100)
		c.report(t, "back on command")
	}
	f.awaitNotified(t)
	f.standby.AwaitReplica(t)

	for _, c := range clients {
		c.stop(t)
		lost, copied := c.lost(t, f.primary)
		t.Logf("%-7s %6d acknowledged writes, %d lost, %d refused or broken off", c.name, c.acknowledged, lost, c.failed)
		if c.careful && (len(c.copied) == 0 || copied > 0) {
			t.Errorf("%d writes were lost of the %d that a replica had acknowledged, too", copied, len(c.copied))
		}
		if lost > c.acknowledged/10 {
			t.Errorf("%d of %d acknowledged writes were lost: somebody went to a master that was none", lost, c.acknowledged)
		}
	}
}

type failover struct {
	*cluster
	primary, standby *servicetest.Redis
	fronts           []string // where clients write: one HAProxy each
}

// newFailover starts everything. The first two nodes have an HAProxy beside them.
func newFailover(t *testing.T) *failover {
	t.Helper()
	servicetest.Need(t, "socat", "socat")
	f := &failover{cluster: newCluster(t), primary: servicetest.StartRedis(t, "")}
	f.standby = servicetest.StartRedis(t, "", "--replicaof", "127.0.0.1 "+servicetest.Port(f.primary.Address))
	f.standby.AwaitReplica(t)
	for _, n := range all() {
		settings := "[orders]\nchain.run = notify-redis.sh notify.sh\nredis.standby = " + f.standby.Address + "\n"
		if n <= 2 {
			dir, front := servicetest.Dir(t), servicetest.FreeAddress(t)
			f.fronts = append(f.fronts, front)
			proxy := servicetest.StartHAProxy(t, dir, `
listen orders
	bind `+front+`
	server primary `+f.primary.Address+` on-marked-up shutdown-backup-sessions
	server standby `+f.standby.Address+` backup
`)
			settings = fmt.Sprintf("[orders]\nchain.run = notify-redis.sh notify-haproxy.sh notify.sh\nredis.standby = %s\n"+
				"haproxy.socket = %s\nhaproxy.server = orders/primary\nhaproxy.state = %s/state\n", f.standby.Address, proxy.Socket, dir)
		}
		dir := t.TempDir()
		file := servicetest.Write(t, filepath.Join(dir, "scripts.conf"), settings)
		f.startWith(t, n, []string{"SCRIPT_SETTINGS=" + file, "SCRIPT_STATE_DIR=" + dir})
	}
	f.awaitReady(t, all()...)
	f.tocsin(t, "set", "orders", f.primary.Address+" rival="+f.standby.Address,
		"--verify", "verify-redis.sh", "--notify", "notify-chain.sh", "--timeout", "2s")
	return f
}

// tocsin runs a command against the first node.
func (f *failover) tocsin(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(buildDir, "tocsin"), append(args, "--address", f.http(1))...)
	cmd.Env, cmd.Stderr = environment(nil), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tocsin %q: %v", args, err)
	}
	return out
}

func (f *failover) awaitState(t *testing.T, state string) {
	t.Helper()
	eventually(t, 60*time.Second, func(ctx context.Context) error {
		_, body, err := fetch(ctx, f.http(1), "/v1/endpoints/orders")
		if err != nil {
			return err
		}
		var e struct{ State string }
		if err := json.Unmarshal([]byte(body), &e); err != nil || e.State != state {
			return fmt.Errorf("orders is %s (%v), want %s", body, err, state)
		}
		return nil
	})
}

// awaitWhy waits until the nodes give a reason with these words.
func (f *failover) awaitWhy(t *testing.T, words string) {
	t.Helper()
	eventually(t, 60*time.Second, func(ctx context.Context) error {
		_, body, err := fetch(ctx, f.http(1), "/v1/why/orders")
		if err == nil && strings.Count(body, words) < size/2 {
			err = fmt.Errorf("no %q in %s", words, body)
		}
		return err
	})
}

// awaitNotified waits until the newest event is done on every node.
func (f *failover) awaitNotified(t *testing.T) {
	t.Helper()
	eventually(t, 60*time.Second, func(context.Context) error {
		var events struct{ Events []api.Event }
		if err := json.Unmarshal(f.tocsin(t, "events", "--key", "orders", "-o", "json"), &events); err != nil {
			return err
		}
		newest := events.Events[len(events.Events)-1]
		done := 0
		for _, o := range newest.Outcomes {
			if o.Ending == fsm.Done {
				done++
			}
		}
		if done != size {
			return fmt.Errorf("done on %d nodes: %+v", done, newest.Outcomes)
		}
		return nil
	})
}
