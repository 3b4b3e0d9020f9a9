package connlimit_test

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"tocsin/connlimit"
)

// visited is a port on loopback that serves nobody.
type visited struct {
	*connlimit.Listener
	address string
	refused chan error
}

func visit(t *testing.T, limits connlimit.Rooms) visited {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := visited{address: inner.Addr().String(), refused: make(chan error, 100)}
	v.Listener = connlimit.Listen(inner, limits, func(_ net.Conn, why error) { v.refused <- why })
	t.Cleanup(func() { _ = v.Close() })
	return v
}

// dial connects from an address of loopback; the connection ends with the test.
func (v visited) dial(t *testing.T, from string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).Dial("tcp", v.address)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (v visited) accept(t *testing.T, into connlimit.Room) *connlimit.Conn {
	t.Helper()
	c, err := v.AcceptInto(into)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// hungUp reports whether c ends: nobody says anything on it.
func hungUp(c net.Conn) bool {
	_, err := c.Read(make([]byte, 1))
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

// TestListener: one too many is hung up on, and told of; a place comes back with each
// that goes, however often it is closed.
func TestListener(t *testing.T) {
	v := visit(t, rooms(connlimit.Limits{All: 10, FromOne: 2}))
	v.dial(t, "127.0.0.1")
	first := v.accept(t, connlimit.Strangers)
	v.dial(t, "127.0.0.1")
	v.accept(t, connlimit.Strangers)
	third := v.dial(t, "127.0.0.1")
	v.dial(t, "127.0.0.2")
	v.accept(t, connlimit.Strangers) // that from another address
	if !hungUp(third) {
		t.Error("the third is not hung up on")
	}
	if why := <-v.refused; !strings.Contains(why.Error(), "too many connections are open that have proven nothing") {
		t.Errorf("refused because %v", why)
	}
	for range 3 { // the place is free once
		_ = first.Close()
	}
	v.dial(t, "127.0.0.1")
	v.accept(t, connlimit.Strangers)
	fifth := v.dial(t, "127.0.0.1")
	v.dial(t, "127.0.0.2")
	v.accept(t, connlimit.Strangers)
	if !hungUp(fifth) {
		t.Error("closing one thrice makes room for two")
	}
}

// TestListener_MakesRoom: on whom most come with the first is hung up on for who
// comes from elsewhere, and nobody but that one.
func TestListener_MakesRoom(t *testing.T) {
	v := visit(t, rooms(connlimit.Limits{All: 2, FromOne: 2}))
	first, second := v.dial(t, "127.0.0.2"), v.dial(t, "127.0.0.2")
	gone, stays := v.accept(t, connlimit.Strangers), v.accept(t, connlimit.Strangers)
	other := v.dial(t, "127.0.0.3")
	got := v.accept(t, connlimit.Strangers)
	if !hungUp(first) {
		t.Error("the first one is still there")
	}
	if why := <-v.refused; !strings.Contains(why.Error(), "it has made room for another one") {
		t.Errorf("hung up on because %v", why)
	}
	_ = gone.Close() // by whoever served it
	for _, pair := range [][2]net.Conn{{stays, second}, {got, other}} {
		if _, err := pair[0].Write([]byte("x")); err != nil || hungUp(pair[1]) { // it reads the x
			t.Errorf("one of those who stay is hung up on: %v", err)
		}
	}
}

// TestConn_Prove: who has proven something is no stranger any more.
func TestConn_Prove(t *testing.T) {
	v := visit(t, rooms(connlimit.Limits{All: 1, FromOne: 1}))
	for i, whose := range []string{"", "anna", "bert"} {
		v.dial(t, "127.0.0.1")
		c := v.accept(t, connlimit.Coming)
		if err := c.Prove(whose); err != nil {
			t.Errorf("%d, %q: %v", i, whose, err)
		}
		if err := c.Prove(whose); err != nil {
			t.Errorf("%d, %q, once more: %v", i, whose, err)
		}
	}
	v.dial(t, "127.0.0.1")
	if err := v.accept(t, connlimit.Coming).Prove(""); err == nil {
		t.Error("there is a place for a second stranger")
	}
	v.dial(t, "127.0.0.1")
	if err := v.accept(t, connlimit.Coming).Prove("anna"); err == nil {
		t.Error("there is a place for a third that has proven something")
	}
}
