package doubt

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
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
	checker    verify.Checker
	node, site string
	machine    interface{ View() *fsm.View }
	changed    chan struct{} // never closed; one place: Silent or Count says something else
	replaced   chan struct{} // never closed; one place: there are other addresses

	mu        sync.Mutex
	addresses []string // never written to
	newest    *round   // nil before the first
	silent    bool     // since fall rounds without an answer, until rise rounds with one
	run       int      // rounds in a row that speak against silent
}

// round is one question to all canaries.
type round struct {
	began    time.Time
	of       []string      // the addresses that are asked
	done     chan struct{} // closed when the fields below are set
	answered bool
	void     bool // whoever asked was stopped in the middle of it
}

// NewCanaries returns Canaries that are asked with checker, as endpoints are.
func NewCanaries(addresses []string, checker verify.Checker, node, site string, machine interface{ View() *fsm.View }) *Canaries {
	return &Canaries{
		addresses: addresses, checker: checker, node: node, site: site, machine: machine,
		changed: make(chan struct{}, 1), replaced: make(chan struct{}, 1),
	}
}

// Replace has other addresses asked from now on. What the ones before have
// answered counts no more, but a node that they left silent stays so until one
// of the new has answered rise times, or until there are none.
func (c *Canaries) Replace(addresses []string) {
	c.mu.Lock()
	c.addresses, c.newest, c.run = slices.Clone(addresses), nil, 0
	if len(addresses) == 0 {
		c.silent = false
	}
	c.mu.Unlock()
	for _, told := range []chan struct{}{c.changed, c.replaced} {
		select {
		case told <- struct{}{}:
		default:
		}
	}
}

// Count returns how many canaries there are.
func (c *Canaries) Count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.addresses)
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
	for {
		if c.Count() == 0 {
			select {
			case <-c.replaced:
				continue
			case <-ctx.Done():
				return
			}
		}
		answered := c.Answer(ctx, time.Now())
		if ctx.Err() != nil {
			return
		}
		select {
		case <-time.After(c.note(answered)):
		case <-c.replaced:
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
	if len(c.addresses) == 0 {
		return 0 // they were taken away meanwhile
	}
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
	for ctx.Err() == nil {
		r, mine := c.join(since)
		if r == nil {
			return true
		}
		if mine {
			c.ask(ctx, r)
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return false
		}
		if !r.void && !r.began.Before(since) && c.stands(r) {
			return r.answered
		}
	}
	return false
}

// stands reports whether those that r has asked are still the canaries.
func (c *Canaries) stands(r *round) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest == r || c.newest != nil && slices.Equal(c.newest.of, r.of)
}

// join returns the round that will do for since, or that has to end before
// there can be one; if there is none, a new one, which is the caller's to ask.
// Without canaries there is no round.
func (c *Canaries) join(since time.Time) (r *round, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.addresses) == 0 {
		return nil, false
	}
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
	c.newest = &round{began: time.Now(), of: c.addresses, done: make(chan struct{})}
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
	for _, address := range r.of {
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
