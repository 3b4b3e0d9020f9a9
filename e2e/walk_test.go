//go:build unix

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/health"
)

// TestWalkThrough is what the page of the original has a newcomer do, and then
// what life does to a cluster. Its parts build on each other.
func TestWalkThrough(t *testing.T) {
	c := newCluster(t)
	c.build = filepath.Join(t.TempDir(), "build")
	parts := []struct {
		name string
		run  func(*testing.T)
	}{
		{"five in the same second, nothing built", c.startAtOnce},
		{"set and get on every port", c.setAndGet},
		{"keys of every kind", c.oddKeys},
		{"the pages about an endpoint", c.pages},
		{"the pages about the cluster", c.members},
		{"what is refused", c.refusals},
		{"the commands", c.commands},
		{"the leader is killed", c.killLeader},
		{"all are stopped and start in any order", c.restartAll},
	}
	for _, part := range parts {
		if !t.Run(part.name, part.run) {
			t.Fatalf("the rest needs %q to have worked", part.name)
		}
	}
}

func all() []int { return []int{1, 2, 3, 4, 5} }

func (c *cluster) startAtOnce(t *testing.T) {
	for _, n := range all() {
		c.start(t, n)
	}
	c.awaitReady(t, all()...)
	left, err := filepath.Glob(filepath.Join(c.build, "*"))
	if err != nil || len(left) != 1 || filepath.Base(left[0]) != "tocsin" {
		t.Errorf("the builds left %v, %v; want the binary alone", left, err)
	}
}

func (c *cluster) setAndGet(t *testing.T) {
	for _, n := range all() {
		value := fmt.Sprintf("pong%d", n)
		if got := c.get(t, n, "/set?key=ping&value="+value); got != "ok" {
			t.Errorf("node%d answers the write with %q, want ok", n, got)
		}
		c.want(t, n, "/get?key=ping", value) // its own write at once, and then everywhere
		for _, other := range all() {
			c.want(t, other, "/get?key=ping", value)
		}
	}
	c.get(t, 1, "/set?key=ping&value=pong")
	for _, n := range all() {
		c.want(t, n, "/status", `{"ping":"pong"}`)
	}
}

func (c *cluster) oddKeys(t *testing.T) {
	keys := []string{
		"xdcr-test-1:user-follow-test-slave", "a/b/c", "/leading", "trailing/", "a b", "a+b", "50%", "a?b#c", "..", "schlüssel", "键",
	}
	for i, key := range keys {
		writer, reader, last := 1+i%size, 1+(i+1)%size, 1+(i+2)%size
		c.get(t, writer, "/set?"+url.Values{"key": {key}, "value": {"/value of " + key}}.Encode())
		c.want(t, reader, "/get?"+url.Values{"key": {key}}.Encode(), "/value of "+key)
		whole, err := json.Marshal(map[string]string{key: "/value of " + key})
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal([]byte(c.get(t, reader, "/status/"+url.PathEscape(key))), &got); err != nil || got[key] != "/value of "+key || len(got) != 1 {
			t.Errorf("/status/%s: %v %v, want %s", url.PathEscape(key), got, err, whole)
		}
		c.get(t, last, "/del?"+url.Values{"key": {key}}.Encode())
		eventually(t, 10*time.Second, func(ctx context.Context) error {
			status, body, err := fetch(ctx, c.http(reader), "/get?"+url.Values{"key": {key}}.Encode())
			if err == nil && status != http.StatusNotFound {
				err = fmt.Errorf("the deleted key %q is still answered: %d %s", key, status, body)
			}
			return err
		})
	}
}

// pages are of the endpoint ping: pong, which scripts/verify.sh calls UP.
func (c *cluster) pages(t *testing.T) {
	for _, n := range all() {
		eventually(t, 20*time.Second, func(ctx context.Context) error {
			var samples map[string][]api.DetectorSample
			if err := decode(ctx, c.http(n), "/detectordata/ping", &samples); err != nil {
				return err
			}
			list := samples["ping"]
			if len(list) == 0 || list[len(list)-1].Status != health.Up || list[len(list)-1].Time.IsZero() {
				return fmt.Errorf("node%d has the samples %v", n, samples)
			}
			var gossip map[string]api.GossipStatus
			if err := decode(ctx, c.http(n), "/gossipstatus", &gossip); err != nil {
				return err
			}
			ping := gossip["ping"]
			if ping.PrevConsensus != health.Up || len(ping.Consensus) != size {
				return fmt.Errorf("node%d holds %+v", n, ping)
			}
			for node, state := range ping.Consensus {
				if state.GossipStatus != health.Up || state.TimeStamp.IsZero() {
					return fmt.Errorf("node%d holds %+v of %s", n, state, node)
				}
			}
			return nil
		})
	}
}

func (c *cluster) members(t *testing.T) {
	leader := c.awaitReady(t, all()...)
	var rafts []string
	for _, n := range all() {
		rafts = append(rafts, c.raft(n))
	}
	for _, n := range all() {
		c.want(t, n, "/leader", c.raft(leader))
		c.want(t, n, "/membersconsensus", "ok")
		var got []string
		if err := decode(t.Context(), c.http(n), "/raftnodes", &got); err != nil {
			t.Error(err)
		}
		if slices.Sort(got); !slices.Equal(got, rafts) {
			t.Errorf("/raftnodes of node%d: %v, want %v", n, got, rafts)
		}
		if err := decode(t.Context(), c.http(n), "/gossipnodes", &got); err != nil || len(got) != size {
			t.Errorf("/gossipnodes of node%d: %v, %v", n, got, err)
		}
	}
}

func (c *cluster) refusals(t *testing.T) {
	for path, want := range map[string]int{
		"/set?key=ping":             http.StatusBadRequest,
		"/set?key=a&key=b&value=c":  http.StatusBadRequest,
		"/set?key=a&value=b&vlaue=": http.StatusBadRequest,
		"/set?key=&value=b":         http.StatusBadRequest,
		"/get?key=nobody":           http.StatusNotFound,
		"/nothing":                  http.StatusNotFound,
	} {
		status, body, err := fetch(t.Context(), c.http(2), path)
		if err != nil || status != want || body == "" || strings.Contains(body, "\n") {
			t.Errorf("GET %s: %d %q %v; want %d and one line that says why", path, status, body, err, want)
		}
	}
}

// commands does the same as the pages with the binary that run.sh has built.
func (c *cluster) commands(t *testing.T) {
	tocsin := func(n int, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), filepath.Join(c.build, "tocsin"), append(args, "--address", c.http(n))...)
		cmd.Env = environment(nil)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("tocsin %q: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	tocsin(1, "set", "by/command", "some value", "--interval", "300ms")
	c.want(t, 3, "/get?key=by/command", "some value")
	if got := tocsin(3, "get", "by/command"); got != "some value" {
		t.Errorf("tocsin get prints %q", got)
	}
	if got := tocsin(4, "status"); !strings.Contains(got, "ping") || !strings.Contains(got, "UP") {
		t.Errorf("tocsin status prints %q, and nothing of ping that is UP", got)
	}
	if got := tocsin(5, "events", "--key", "ping"); !strings.Contains(got, "ping") {
		t.Errorf("tocsin events prints %q, and not the baseline of ping", got)
	}
	tocsin(4, "settings", "set", "notify_attempts=7")
	if got := tocsin(2, "settings", "get", "notify-attempts"); got != "7" {
		t.Errorf("tocsin settings get prints %q, want what was set", got)
	}
	if got := tocsin(1, "members"); strings.Count(got, "yes") != size+1 { // voters, and the leader
		t.Errorf("tocsin members prints\n%s", got)
	}
	if got := tocsin(2, "quorum", "check"); !strings.Contains(got, "Any 2 more nodes may fail.") {
		t.Errorf("tocsin quorum check prints\n%s", got)
	}
	c.exportAndApply(t, tocsin)
	c.watchStatus(t)
	tocsin(2, "del", "by/command")
	eventually(t, 10*time.Second, func(ctx context.Context) error {
		status, body, err := fetch(ctx, c.http(1), "/get?key=by/command")
		if err == nil && status != http.StatusNotFound {
			err = fmt.Errorf("deleted and still answered: %d %s", status, body)
		}
		return err
	})
}

// exportAndApply: what is exported changes nothing when it is applied, and brings
// back what was deleted in between.
func (c *cluster) exportAndApply(t *testing.T, tocsin func(n int, args ...string) string) {
	t.Helper()
	for _, format := range []string{"yaml", "json"} {
		file := filepath.Join(t.TempDir(), "endpoints."+format)
		if err := os.WriteFile(file, []byte(tocsin(1, "endpoint", "export", "-o", format)), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := tocsin(2, "endpoint", "apply", file); got != "" {
			t.Errorf("applying what was exported changes\n%s", got)
		}
		tocsin(3, "del", "by/command")
		if got := tocsin(3, "endpoint", "apply", file); !strings.Contains(got, "+ by/command\n+   value: some value\n+   settings.interval: 300ms") {
			t.Errorf("applying what was exported does not bring back what was deleted:\n%s", got)
		}
	}
	tocsin(3, "endpoint", "list", "--prefix", "by/", "--state", "unknown")
}

// watchStatus: a watch appends to what is no terminal, and ends in good order
// when it is told to.
func (c *cluster) watchStatus(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(c.build, "tocsin"), "status", "--watch", "--address", c.http(1))
	cmd.Env = environment(nil)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if seen.WriteString(lines.Text() + "\n"); strings.HasPrefix(lines.Text(), "ping ") {
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil || !strings.HasPrefix(seen.String(), "==== ") || strings.Contains(seen.String(), "\x1b") {
		t.Errorf("tocsin status --watch: %v\n%s", err, seen.String())
	}
}

// killLeader kills the leader while a key is written again and again. What was
// answered with ok has to be there afterwards, on the killed node as well.
func (c *cluster) killLeader(t *testing.T) {
	leader := c.awaitReady(t, all()...)
	others := slices.DeleteFunc(all(), func(n int) bool { return n == leader })
	c.get(t, others[0], "/set?key=kept&value=before")
	c.nodes[leader].kill()
	last := ""
	eventually(t, 30*time.Second, func(ctx context.Context) error {
		value := fmt.Sprint(time.Now().UnixNano())
		status, body, err := fetch(ctx, c.http(others[1]), "/set?key=kept&value="+value)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("write after the kill: %d %s", status, body)
		}
		last = value
		return err
	})
	if next := c.awaitReady(t, others...); next == leader {
		t.Errorf("node%d is dead and said to lead", leader)
	}
	c.start(t, leader)
	c.awaitReady(t, all()...)
	for _, n := range all() {
		c.want(t, n, "/get?key=kept", last)
	}
	c.get(t, leader, "/del?key=kept")
}

func (c *cluster) restartAll(t *testing.T) {
	stop(t, c.nodes[1:]...)
	order := rand.Perm(size)
	t.Logf("node%d first, then as in %v", order[0]+1, order)
	for _, i := range order {
		c.start(t, i+1)
	}
	c.awaitReady(t, all()...)
	for _, n := range all() {
		c.want(t, n, "/get?key=ping", "pong")
		c.want(t, n, "/membersconsensus", "ok")
	}
}

// decode reads a page of JSON.
func decode(ctx context.Context, address, path string, into any) error {
	status, body, err := fetch(ctx, address, path)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("GET %s from %s: %d %s", path, address, status, body)
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		return fmt.Errorf("GET %s from %s: %w in %s", path, address, err, body)
	}
	return nil
}
