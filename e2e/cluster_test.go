//go:build unix

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/api"
)

// size is how many nodes run.sh knows.
const size = 5

// quick are settings for a test: its endpoints are asked often, and believed
// soon.
var quick = []string{
	"--interval", "1s", "--retry-interval", "200ms", "--cooldown", "0s", "--ballot-refresh", "1s",
}

// cluster is up to five nodes that run.sh runs, with data and ports of their
// own. A method that may fail is told which test, or part of one, would.
type cluster struct {
	t      *testing.T // at the end of which the nodes end
	data   string
	offset int
	build  string             // where run.sh builds; "" for where all tests do
	nodes  [size + 1]*process // by the number of the node; nil if never started
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	return &cluster{t: t, data: t.TempDir(), offset: freeOffset(t)}
}

func (c *cluster) env() []string {
	return []string{
		"TOCSIN_DATA=" + c.data,
		fmt.Sprintf("TOCSIN_PORT_OFFSET=%d", c.offset),
		"TOCSIN_BUILD=" + cmp.Or(c.build, buildDir),
	}
}

// start starts node n without waiting for it. It lives as long as the cluster,
// not as long as the part of the test that starts it.
func (c *cluster) start(t *testing.T, n int, flags ...string) *process {
	t.Helper()
	return c.startWith(t, n, nil, flags...)
}

// startWith does so with more variables in its environment.
func (c *cluster) startWith(t *testing.T, n int, env []string, flags ...string) *process {
	t.Helper()
	args := append([]string{fmt.Sprint(n)}, quick...)
	c.nodes[n] = launch(t, c.t, root, append(c.env(), env...), append(args, flags...)...)
	return c.nodes[n]
}

// http, raft and gossip are the addresses of node n.
func (c *cluster) http(n int) string   { return c.address(5999 + n) }
func (c *cluster) raft(n int) string   { return c.address(6999 + n) }
func (c *cluster) gossip(n int) string { return c.address(7999 + n) }

func (c *cluster) address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port+c.offset) }

// awaitReady waits until the given nodes are ready and follow one of them, and
// returns its number.
func (c *cluster) awaitReady(t *testing.T, nodes ...int) (leader int) {
	t.Helper()
	eventually(t, 60*time.Second, func(ctx context.Context) error {
		leader = 0
		for _, n := range nodes {
			_, body, err := fetch(ctx, c.http(n), "/readyz")
			if err != nil {
				return err
			}
			var r api.Readiness
			if err := json.Unmarshal([]byte(body), &r); err != nil {
				return fmt.Errorf("node%d: %w in %q", n, err, body)
			}
			if !r.Ready {
				return fmt.Errorf("node%d is not ready: %s", n, r.Problems)
			}
			var l int
			if _, err := fmt.Sscanf(r.Leader, "node%d", &l); err != nil || leader != 0 && l != leader {
				return fmt.Errorf("node%d says that %q leads, others said node%d", n, r.Leader, leader)
			}
			leader = l
		}
		return nil
	})
	return leader
}

// get returns what node n answers, which has to be 200.
func (c *cluster) get(t *testing.T, n int, path string) string {
	t.Helper()
	status, body, err := fetch(t.Context(), c.http(n), path)
	if err != nil {
		t.Fatalf("GET %s from node%d: %v", path, n, err)
	}
	if status != http.StatusOK {
		t.Fatalf("GET %s from node%d: %d %s", path, n, status, body)
	}
	return body
}

// want requires that node n comes to answer path with 200 and body. A node
// that did not take the write itself hears of it a moment later.
func (c *cluster) want(t *testing.T, n int, path, body string) {
	t.Helper()
	eventually(t, 15*time.Second, func(ctx context.Context) error {
		status, got, err := fetch(ctx, c.http(n), path)
		if err != nil {
			return err
		}
		if status != http.StatusOK || got != body {
			return fmt.Errorf("GET %s from node%d: %d %q, want 200 %q", path, n, status, got, body)
		}
		return nil
	})
}

// fetch gets a page, and returns its body without blanks around it.
func fetch(ctx context.Context, address, path string) (status int, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return 0, "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, strings.TrimSpace(string(text)), err
}

// freeOffset returns an offset at which nobody listens on any port of run.sh.
// All lie below the ports that systems give out for outgoing connections.
func freeOffset(t *testing.T) int {
	t.Helper()
	for range 100 {
		offset := 4000 + 10*rand.IntN(2000)
		if offsetFree(offset) {
			return offset
		}
	}
	t.Fatal("no free ports were found")
	return 0
}

func offsetFree(offset int) bool {
	for _, base := range []int{6000, 7000, 8000} {
		for n := range size {
			address := fmt.Sprintf("127.0.0.1:%d", base+n+offset)
			stream, err := net.Listen("tcp", address)
			if err != nil {
				return false
			}
			packets, err := net.ListenPacket("udp", address)
			if err != nil {
				_ = stream.Close()
				return false
			}
			if errors.Join(stream.Close(), packets.Close()) != nil {
				return false
			}
		}
	}
	return true
}
