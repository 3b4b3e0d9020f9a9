//go:build unix

package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/scripts/servicetest"
)

// client writes to a Redis all the time, one key after the other, as a program
// does that knows one address and connects again when its connection breaks.
type client struct {
	name    string
	address string
	careful bool // it asks whether a replica has each write, too (WAIT)
	cancel  context.CancelFunc
	ended   sync.WaitGroup

	mu           sync.Mutex
	acknowledged int           // guarded by mu: how many writes, all from key 1 on
	copied       map[int]bool  // guarded by mu: the keys that a replica had as well
	failed       int           // guarded by mu
	last         time.Time     // guarded by mu: of the last acknowledged write
	gap          time.Duration // guarded by mu: the longest time without one
}

func startClient(t *testing.T, name, address string, careful bool) *client {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := &client{name: name, address: address, careful: careful, cancel: cancel, copied: make(map[int]bool)}
	c.ended.Go(func() { c.run(ctx) })
	t.Cleanup(func() { c.stop(t) })
	return c
}

func (c *client) stop(t *testing.T) {
	t.Helper()
	c.cancel()
	c.ended.Wait()
}

// run writes a key until that is acknowledged, and then the next.
func (c *client) run(ctx context.Context) {
	var conn net.Conn
	var answers *bufio.Reader
	for ctx.Err() == nil {
		var err error
		if conn == nil {
			if conn, err = (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", c.address); err == nil {
				answers = bufio.NewReader(conn)
			}
		}
		if err == nil {
			copied := false
			if copied, err = c.write(conn, answers); err == nil {
				c.done(copied)
				continue
			}
		}
		c.mu.Lock()
		c.failed++
		c.mu.Unlock()
		if conn != nil {
			_ = conn.Close()
			conn = nil
		}
		select { // a pause such as every client makes
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	if conn != nil {
		_ = conn.Close()
	}
}

func (c *client) key(n int) string { return fmt.Sprintf("%s:%d", c.name, n) }

// write writes the next key, and tells whether a replica has it, too.
func (c *client) write(conn net.Conn, answers *bufio.Reader) (copied bool, err error) {
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return false, err
	}
	answer, err := ask(conn, answers, "SET "+c.key(c.writes()+1)+" x")
	if err == nil && answer != "+OK" {
		err = errors.New(answer)
	}
	if err != nil || !c.careful {
		return false, err
	}
	// The write is acknowledged; an error here says nothing against it. One that
	// breaks the connection is met by the next.
	answer, err = ask(conn, answers, "WAIT 1 20")
	return err == nil && answer == ":1", nil
}

func ask(conn net.Conn, answers *bufio.Reader, line string) (string, error) {
	if _, err := fmt.Fprintf(conn, "%s\r\n", line); err != nil {
		return "", err
	}
	answer, err := answers.ReadString('\n')
	return strings.TrimSpace(answer), err
}

func (c *client) done(copied bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if !c.last.IsZero() {
		c.gap = max(c.gap, now.Sub(c.last))
	}
	c.acknowledged++
	if copied {
		c.copied[c.acknowledged] = true
	}
	c.last = now
}

// awaitWrites waits until n more writes have been acknowledged.
func (c *client) awaitWrites(t *testing.T, n int) {
	t.Helper()
	goal := c.writes() + n
	eventually(t, 60*time.Second, func(context.Context) error {
		if has := c.writes(); has < goal {
			return fmt.Errorf("client %s has written %d, not %d", c.name, has, goal)
		}
		return nil
	})
}

func (c *client) writes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acknowledged
}

// forget begins to measure anew.
func (c *client) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gap, c.last = 0, time.Time{}
}

// report prints the longest time without a write since the start, or forget.
func (c *client) report(t *testing.T, what string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	t.Logf("%-7s no write for %4d ms when %s", c.name, c.gap.Milliseconds(), what)
}

// lost returns how many of the acknowledged writes a Redis has not, and how many
// of those that a replica had as well. The client has to have stopped.
func (c *client) lost(t *testing.T, r *servicetest.Redis) (lost, copied int) {
	t.Helper()
	conn, err := net.Dial("tcp", r.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for n := 1; n <= c.acknowledged; n++ {
		answer, err := ask(conn, answers, "EXISTS "+c.key(n))
		if err != nil {
			t.Fatal(err)
		}
		if answer != ":1" {
			lost++
			if c.copied[n] {
				copied++
			}
		}
	}
	return lost, copied
}
