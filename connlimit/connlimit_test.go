package connlimit_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/connlimit"
)

func TestTally(t *testing.T) {
	tally := connlimit.NewTally(connlimit.Limits{All: 3, FromOne: 2})
	for i, step := range []struct {
		from string
		want bool
	}{{"a", true}, {"a", true}, {"a", false}, {"b", true}, {"b", false}, {"c", false}} {
		if got := tally.Enter(step.from); got != step.want {
			t.Errorf("%d, from %s: %v", i, step.from, got)
		}
	}
	tally.Leave("a")
	if !tally.Enter("c") {
		t.Error("there is no room after one has left")
	}
}

// TestTally_AgreesWithItsSlowTwin, that counts a list anew each time.
func TestTally_AgreesWithItsSlowTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := connlimit.Limits{All: rapid.IntRange(0, 6).Draw(t, "all"), FromOne: rapid.IntRange(0, 4).Draw(t, "from one")}
		tally := connlimit.NewTally(limits)
		var inside []string
		for range 40 {
			if len(inside) > 0 && rapid.Bool().Draw(t, "leave") {
				i := rapid.IntRange(0, len(inside)-1).Draw(t, "who")
				tally.Leave(inside[i])
				inside = append(inside[:i], inside[i+1:]...)
				continue
			}
			from, same := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "from"), 0
			for _, other := range inside {
				if other == from {
					same++
				}
			}
			want := len(inside) < limits.All && same < limits.FromOne
			if got := tally.Enter(from); got != want {
				t.Fatalf("%s enters beside %v: %v, want %v", from, inside, got, want)
			}
			if want {
				inside = append(inside, from)
			}
		}
	})
}

// TestListen: one too many is hung up on, and told of; room comes back with each
// that goes, however often it is closed.
func TestListen(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := make(chan error, 10)
	l := connlimit.Listen(inner, connlimit.Limits{All: 10, FromOne: 2}, func(_ net.Conn, why error) { refused <- why })
	accepted := make(chan net.Conn, 10)
	go func() {
		defer close(accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		for c := range accepted {
			_ = c.Close()
		}
	})
	dial := func() net.Conn {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	dial()
	dial()
	first, second := <-accepted, <-accepted
	defer second.Close() // it counts to the end
	if _, err := dial().Read(make([]byte, 1)); err == nil || errors.Is(err, io.ErrNoProgress) {
		t.Errorf("the third reads %v, want an end", err)
	}
	if why := <-refused; !errors.Is(why, connlimit.ErrFull) {
		t.Errorf("refused because %v", why)
	}
	for range 3 { // the place is free once
		_ = first.Close()
	}
	dial()
	defer (<-accepted).Close()
	if _, err := dial().Read(make([]byte, 1)); err == nil {
		t.Error("closing one thrice makes room for three")
	}
}
