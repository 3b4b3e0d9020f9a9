package node

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/api/server"
)

// pipes is a port of connections in memory, for virtual time.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error { close(p); return nil }
func (p pipes) Addr() net.Addr {
	return &net.TCPAddr{}
}

// drip sends text, and then a byte a second for as long as somebody takes it.
func drip(c net.Conn, text string) {
	_, err := io.WriteString(c, text)
	for err == nil {
		time.Sleep(time.Second)
		_, err = io.WriteString(c, "x")
	}
}

// TestServer_GivesNobodyMoreTimeThanARequestTakes: who is slow to say what it wants,
// or to hear the answer, is hung up on at the end of its time, and not before.
func TestServer_GivesNobodyMoreTimeThanARequestTakes(t *testing.T) {
	large := bytes.Repeat([]byte("x"), 1<<20)
	for _, test := range []struct {
		who   string
		does  func(net.Conn)
		after time.Duration
	}{
		{"who says nothing", func(net.Conn) {}, 5 * time.Second},
		{"who drips a head", func(c net.Conn) { drip(c, "GET / HTTP/1.1\r\nHost: x\r\nX: ") }, 5 * time.Second},
		{"who drips a body", func(c net.Conn) { drip(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n") }, 30 * time.Second},
		{"who drips a chunk", func(c net.Conn) {
			drip(c, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n")
		}, 30 * time.Second},
		{"who reads no answer", func(c net.Conn) { _, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") }, 60 * time.Second},
		{"who reads one and stays", func(c net.Conn) {
			_, _ = io.WriteString(c, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
			_, _ = http.ReadResponse(bufio.NewReader(c), &http.Request{Method: "HEAD"})
		}, 2 * time.Minute},
	} {
		t.Run(test.who, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				port, gone := make(pipes), make(chan struct{})
				server := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if _, err := io.Copy(io.Discard, r.Body); err == nil && r.Method != http.MethodHead {
						_, _ = w.Write(large)
					}
				}))
				server.ConnState = func(_ net.Conn, s http.ConnState) {
					if s == http.StateClosed {
						close(gone)
					}
				}
				done := make(chan error)
				go func() { done <- server.Serve(port) }()
				here, there := net.Pipe()
				port <- there
				began := time.Now()
				var their sync.WaitGroup
				their.Go(func() { test.does(here) })
				time.Sleep(test.after - time.Millisecond)
				synctest.Wait()
				select {
				case <-gone:
					t.Errorf("it is hung up on after %v already", time.Since(began))
				default:
				}
				their.Go(func() { // who is hung up on hears why, if it listens
					time.Sleep(2 * time.Millisecond)
					if test.after < 60*time.Second {
						_, _ = io.Copy(io.Discard, here)
					}
				})
				<-gone
				if took := time.Since(began); took > test.after+time.Second {
					t.Errorf("it is hung up on after %v", took)
				}
				_ = here.Close()
				their.Wait()
				_ = server.Close()
				if err := <-done; !errors.Is(err, http.ErrServerClosed) {
					t.Error(err)
				}
			})
		})
	}
}

// TestServer_ReadsNoHeadWithoutEnd.
func TestServer_ReadsNoHeadWithoutEnd(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving := newServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was served") }))
	done := make(chan error)
	go func() { done <- serving.Serve(inner) }()
	for name, head := range map[string]string{
		"path":         "GET /" + strings.Repeat("x", 2*server.MaxHeader) + " HTTP/1.1\r\n\r\n",
		"header":       "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 2*server.MaxHeader) + "\r\n\r\n",
		"many headers": "GET / HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", server.MaxHeader/3) + "\r\n",
		"no end":       strings.Repeat("x", 2*server.MaxHeader),
	} {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		go func() { _, _ = io.WriteString(c, head) }()
		said, _ := io.ReadAll(c)
		if !bytes.Contains(said, []byte(" 431 ")) && !bytes.Contains(said, []byte(" 400 ")) {
			t.Errorf("%s: it hears %.80q", name, said)
		}
		_ = c.Close()
	}
	_ = serving.Close()
	<-done
}
