//go:build linux

package node_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/node"
	"tocsin/pki"
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
		if !log.has("a connection was refused", "port="+port, "too many connections are open that have proven nothing") {
			t.Errorf("nobody was one too many on the %s port: this shows nothing", port)
		}
	}
}

// TestNode_StrangersTakeNoPlaceOfWhoHasACertificate: from many addresses they take
// every place that there is for such as have shown nothing, at the handshake and
// behind it. Whoever shows a certificate is let in at once, and so are other nodes,
// and a stranger from an address from which fewer come.
func TestNode_StrangersTakeNoPlaceOfWhoHasACertificate(t *testing.T) {
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	s := newSecured(t, 3)
	leader := s.leader(t)
	anna := s.equip(t, "anna", s.ca, pki.Subject{Role: pki.Admin, Name: "anna"})
	var reading sync.WaitGroup
	t.Cleanup(reading.Wait) // when all are closed
	// hold reads what comes until the end, and counts it if that comes too soon: they
	// could stay for 2 minutes, and at their handshake for 5 s.
	hold := func(c net.Conn, soon time.Duration, ended *atomic.Int32) {
		began := time.Now()
		reading.Go(func() {
			if _, _ = io.Copy(io.Discard, c); time.Since(began) < soon {
				ended.Add(1)
			}
		})
	}
	open := func(last byte) net.Conn {
		c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, last)}, Timeout: 10 * time.Second}).
			DialContext(t.Context(), "tcp", leader.Self().HTTP)
		if err != nil {
			t.Error(err)
			c, _ = net.Pipe()
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	var attack sync.WaitGroup
	var idle, mute atomic.Int32 // that were hung up on
	for last := range byte(4) { // 4 × 300 who ask once and then stay
		attack.Go(func() {
			for range 300 {
				c := tls.Client(open(last+1), &tls.Config{InsecureSkipVerify: true})
				_, _ = io.WriteString(c, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n") // it may be one too many
				hold(c, time.Minute, &idle)
			}
		})
	}
	attack.Wait()
	s.await(t, "as many were hung up on as are too many", func() bool { return idle.Load() >= 4*300-1024 })
	for i := range 400 { // who never say a word, from other addresses and the same
		hold(open(byte(1+i%8)), 4*time.Second, &mute)
	}
	s.await(t, "as many were hung up on at their handshake", func() bool { return mute.Load() >= 400-256 })

	asked := func(who string, files pki.Files, path string) {
		t.Helper()
		began := time.Now()
		answer, err := asking(t, files).Get("https://" + leader.Self().HTTP + path)
		if err != nil {
			t.Errorf("%s: %v", who, err)
			return
		}
		_ = answer.Body.Close()
		if took := time.Since(began); answer.StatusCode != http.StatusOK || took > 3*time.Second {
			t.Errorf("%s is answered %s after %v", who, answer.Status, took)
		}
	}
	for range 5 {
		asked("who shows a certificate", anna, "/v1/status")
	}
	asked("a stranger from elsewhere", pki.Files{CA: anna.CA}, "/livez")
	for i, n := range s.nodes {
		if _, err := n.Propose(t.Context(), fsm.SetEndpoint{Key: fmt.Sprint(i), Value: "v"}); err != nil {
			t.Errorf("%s: %v", n.Self().Node, err)
		}
	}
	if idle, mute := idle.Load(), mute.Load(); idle > 4*300-1024+20 || mute > 400-256+20 {
		t.Errorf("%d and %d were hung up on: there were free places, and this shows nothing", idle, mute)
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
