//go:build linux

package node_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/node"
)

// TestNode_AStrangerWhoTakesAllThatItCanKeepsNobodyOut: from one address it opens
// more connections than there is room for, says nothing on some and half of
// something on others, and asks much and reads nothing. All others are served.
func TestNode_AStrangerWhoTakesAllThatItCanKeepsNobodyOut(t *testing.T) {
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	log := &heard{}
	l := newLoopbackOf(t, 3, nil, func(c *node.Config) { c.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	leader := l.leader(t)
	stranger := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}, Timeout: 10 * time.Second}
	opens := func(address string, n int, says ...string) {
		t.Helper()
		for i := range n {
			c, err := stranger.DialContext(t.Context(), "tcp", address)
			if err != nil {
				t.Fatalf("connection %d: %v", i, err)
			}
			t.Cleanup(func() { _ = c.Close() })
			_, _ = io.WriteString(c, says[i%len(says)]) // it may be one too many
		}
	}
	status := "GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
	opens(leader.Self().HTTP, 1100,
		"", "GET /v1/sta", "GET / HTTP/1.1\r\nX: ", "\x16\x03\x01",
		"PUT /v1/endpoints/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{",
		"GET /v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"GET /v1/status?index=1000000&wait=5m HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		strings.Repeat(status, 20))
	opens(leader.Self().Raft, 400, "", "\x00", "\x01\x80", "\x03\xde\xff\xff", "GET / HTTP/1.1\r\n\r\n")

	for i := range 20 {
		began := time.Now()
		if body := fetch(t, leader.Self().HTTP, "/v1/status"); !strings.Contains(body, `"nodes"`) && !strings.Contains(body, `"cluster`) {
			t.Errorf("it hears %.200q", body)
		}
		for _, n := range l.nodes {
			if _, err := n.Propose(t.Context(), fsm.SetEndpoint{Key: fmt.Sprint(i), Value: "v"}); err != nil {
				t.Errorf("%s: %v", n.Self().Node, err)
			}
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	}
	for _, port := range []string{"http", "raft"} {
		if !log.has("a connection was refused", "port="+port, "too many connections are open") {
			t.Errorf("nobody was one too many on the %s port: this shows nothing", port)
		}
	}
}

// heard is a log that can be searched while it is written.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

// has reports whether one line has all the words.
func (h *heard) has(words ...string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for line := range strings.Lines(h.text.String()) {
		found := 0
		for _, w := range words {
			if strings.Contains(line, w) {
				found++
			}
		}
		if found == len(words) {
			return true
		}
	}
	return false
}
