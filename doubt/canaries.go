package doubt

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/verify"
)

// longestAnswer bounds how long a canary may take to answer.
const longestAnswer = 5 * time.Second

// MaxCanaries is how many canaries a node may have: all are asked at once.
const MaxCanaries = 16

// ValidateCanaries reports what is wrong with addresses as canaries: they are
// host:port, or URLs that begin with http:// or https://.
func ValidateCanaries(addresses []string) error {
	var errs []error
	if len(addresses) > MaxCanaries {
		errs = append(errs, fmt.Errorf("%d canaries are more than %d", len(addresses), MaxCanaries))
	}
	for _, a := range addresses {
		if kindOf(a) == fsm.CheckHTTP {
			if u, err := url.Parse(a); err != nil || u.Hostname() == "" {
				errs = append(errs, fmt.Errorf("%q is no URL that names a host", a))
			}
			continue
		}
		host, port, err := net.SplitHostPort(a)
		if n, notANumber := strconv.Atoi(port); err != nil || host == "" || notANumber != nil || n < 1 || n > 65535 {
			errs = append(errs, fmt.Errorf("%q is neither host:port nor a URL", a))
		}
	}
	return errors.Join(errs...)
}

func kindOf(address string) fsm.Check {
	if strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://") {
		return fsm.CheckHTTP
	}
	return fsm.CheckTCP
}

// Canaries are addresses of which at least one must be reachable from here: if
// none is, nothing that seems down can be believed. They are asked in rounds,
// all at once, on the schedule of the checks, and whenever somebody has to know
// it now. Without addresses there is nothing to doubt.
type Canaries struct {
	addresses  []string
	checker    verify.Checker
	node, site string
	machine    interface{ View() *fsm.View }
	changed    chan struct{} // never closed; one place: Silent says something else

	mu     sync.Mutex
	newest *round // nil before the first
	silent bool   // since fall rounds without an answer, until rise rounds with one
	run    int    // rounds in a row that speak against silent
}

// round is one question to all canaries.
type round struct {
	began    time.Time
	done     chan struct{} // closed when the fields below are set
	answered bool
	void     bool // whoever asked was stopped in the middle of it
}

// NewCanaries returns Canaries that are asked with checker, as endpoints are.
func NewCanaries(addresses []string, checker verify.Checker, node, site string, machine interface{ View() *fsm.View }) *Canaries {
	return &Canaries{
		addresses: addresses, checker: checker, node: node, site: site, machine: machine,
		changed: make(chan struct{}, 1),
	}
}

// Silent reports whether no canary answers, which takes fall rounds in a row to
// begin and rise rounds to end.
func (c *Canaries) Silent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.silent
}

// Run asks the canaries on schedule until ctx ends.
func (c *Canaries) Run(ctx context.Context) {
	if len(c.addresses) == 0 {
		return
	}
	for {
		answered := c.Answer(ctx, time.Now())
		if ctx.Err() != nil {
			return
		}
		select {
		case <-time.After(c.note(answered)):
		case <-ctx.Done():
			return
		}
	}
}

// note counts a round of the schedule and returns the pause before the next.
func (c *Canaries) note(answered bool) time.Duration {
	s := c.machine.View().Settings()
	c.mu.Lock()
	defer c.mu.Unlock()
	disagrees := answered == c.silent
	if !disagrees {
		c.run = 0
	} else if c.run++; c.silent && c.run >= s.Rise || !c.silent && c.run >= s.Fall {
		c.silent, c.run = !c.silent, 0
		disagrees = false
		select {
		case c.changed <- struct{}{}:
		default:
		}
	}
	pause := time.Duration(s.Interval)
	if disagrees {
		pause = s.Retry()
	}
	if pause <= 0 {
		pause = time.Second // no cluster yet
	}
	return pause - rand.N(pause/10+1)
}

// Answer reports whether a canary answers in a round that began at since or
// later. Those who ask at the same time share a round. It returns false when
// ctx ends first.
func (c *Canaries) Answer(ctx context.Context, since time.Time) bool {
	if len(c.addresses) == 0 {
		return true
	}
	for ctx.Err() == nil {
		r, mine := c.join(since)
		if mine {
			c.ask(ctx, r)
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return false
		}
		if !r.void && !r.began.Before(since) {
			return r.answered
		}
	}
	return false
}

// join returns the round that will do for since, or that has to end before
// there can be one; if there is none, a new one, which is the caller's to ask.
func (c *Canaries) join(since time.Time) (r *round, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.newest; r != nil {
		select {
		case <-r.done:
			if !r.void && !r.began.Before(since) {
				return r, false
			}
		default:
			return r, false
		}
	}
	c.newest = &round{began: time.Now(), done: make(chan struct{})}
	return c.newest, true
}

// ask asks all canaries at once and ends the round with the first answer.
func (c *Canaries) ask(ctx context.Context, r *round) {
	asking, cancel := context.WithTimeout(ctx, longestAnswer)
	defer cancel()
	timeout := longestAnswer
	if t := time.Duration(c.machine.View().Settings().Timeout); t > 0 {
		timeout = min(t, timeout)
	}
	var answered atomic.Bool
	var probes sync.WaitGroup
	for _, address := range c.addresses {
		probes.Go(func() {
			s := c.checker.Check(asking, verify.Request{
				Key: address, Value: address, Kind: kindOf(address), Timeout: timeout, Node: c.node, Site: c.site,
			})
			if s.Status == health.Up {
				answered.Store(true)
				cancel()
			}
		})
	}
	probes.Wait()
	r.answered = answered.Load()
	r.void = !r.answered && ctx.Err() != nil
	close(r.done)
}
