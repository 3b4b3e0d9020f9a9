package server_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"tocsin/api/server"
)

// counted notes what was answered.
type counted struct {
	mu     sync.Mutex
	served []string
}

// Served implements api.Requests.
func (c *counted) Served(route, method string, code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.served = append(c.served, fmt.Sprint(method, " ", route, " ", code))
}

// TestRequests_AreCountedByPattern: what a request is counted as never holds
// what the client has sent, but for the method.
func TestRequests_AreCountedByPattern(t *testing.T) {
	w := newWorld(t)
	w.set("a/b", "v")
	seen := &counted{}
	handler := server.New(server.Config{
		State: w, Writer: w, Samples: w, Scripts: w, Membership: w, Health: w, Peer: w, Freshness: w,
		Requests: seen,
		Metrics:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics") }),
	})
	if got := send(handler, http.MethodGet, "/metrics", "").body; got != "metrics" {
		t.Errorf("/metrics answers %q", got)
	}
	for _, path := range []string{"/v1/endpoints/a%2Fb", "/v1/endpoints/gone", "/v1/endpoints", "/status/a/b", "/no/such/thing", "/readyz"} {
		send(handler, http.MethodGet, path, "")
	}
	send(handler, http.MethodPost, "/v1/endpoints:apply", "")
	send(handler, "BREW", "/readyz", "")
	want := []string{
		"GET /metrics 200", "GET /v1/endpoints/{key} 200", "GET /v1/endpoints/{key} 404", "GET /v1/endpoints 200", "GET /status/{key} 200",
		"GET  404", "GET /readyz 200", "POST /v1/endpoints:apply 400", "BREW  405",
	}
	if !slices.Equal(seen.served, want) {
		t.Errorf("counted\n%s\nwant\n%s", strings.Join(seen.served, "\n"), strings.Join(want, "\n"))
	}
}

// TestMetrics_OnlyWhereThereAreSome: without a handler there is nothing.
func TestMetrics_OnlyWhereThereAreSome(t *testing.T) {
	if got := newWorld(t).get("/metrics"); got.status != http.StatusNotFound {
		t.Errorf("answered %d", got.status)
	}
}
