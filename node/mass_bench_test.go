package node_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/node"
)

// BenchmarkMassFailure has a thousand endpoints fail within a second, on three
// nodes over loopback with real stores and scripts that take no time. It
// measures how long it takes from the first check that could find it to the
// last event on the leader and to the last start of a script on the last of
// the nodes; and meanwhile, how long a question about one endpoint takes, on
// the leader and on another node, and how long a write takes.
func BenchmarkMassFailure(b *testing.B) {
	const endpoints = 1000
	l := newLoopback(b, 3, func(s *fsm.ClusterSettings) { s.Interval = fsm.Duration(time.Second) })
	leader := l.leader(b)
	for at := 0; at < endpoints; at += 500 {
		var commands []fsm.Command
		for i := at; i < at+500; i++ {
			commands = append(commands, fsm.SetEndpoint{Key: fmt.Sprintf("key-%d", i), Value: "v"})
		}
		if _, err := leader.Propose(b.Context(), commands...); err != nil {
			b.Fatal(err)
		}
	}
	l.await(b, "the baselines are decided", func() bool { return leader.View().EventCount() == endpoints })
	last := make(chan time.Time) // of the last script of a turn
	go l.drain(b.Context(), len(l.nodes)*endpoints, last)

	var toEvent, toScripts []time.Duration
	probes := newProbes(b, l, leader)
	status := health.Up
	for b.Loop() {
		status = map[health.Status]health.Status{health.Up: health.Down, health.Down: health.Up}[status]
		began := time.Now()
		l.truth.set(status)
		stop := probes.start(b)
		awaitEvents(leader, endpoints, status)
		toEvent = append(toEvent, time.Since(began))
		toScripts = append(toScripts, (<-last).Sub(began))
		stop()
	}
	report(b, "last-event", toEvent)
	report(b, "last-script", toScripts)
	probes.report(b)
	b.ReportMetric(0, "ns/op") // most of a turn is the wait for the checks
}

// drain takes what is told, and says when each so many are complete.
func (l *loopback) drain(ctx context.Context, each int, last chan<- time.Time) {
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case got := <-l.told:
			if n%each == 0 {
				last <- got.at
			}
		}
	}
}

// awaitEvents waits until so many endpoints have that state.
func awaitEvents(n *node.Node, endpoints int, state health.Status) {
	for {
		view := n.View()
		count := 0
		for e := range view.Endpoints("") {
			if e.State == state {
				count++
			}
		}
		if count == endpoints {
			return
		}
		time.Sleep(2 * time.Millisecond) // looking at all of them at each entry would be a load of its own
	}
}

// probes ask a cluster under load, and take the time.
type probes struct {
	client *http.Client
	leader *node.Node
	asked  map[string]string // url by name

	doubts atomic.Int64 // writes that had to be repeated

	mu   sync.Mutex
	took map[string][]time.Duration
}

func newProbes(b *testing.B, l *loopback, leader *node.Node) *probes {
	p := &probes{client: &http.Client{}, leader: leader, took: map[string][]time.Duration{}}
	b.Cleanup(p.client.CloseIdleConnections)
	url := func(n *node.Node) string { return "http://" + n.Self().HTTP + "/v1/status/key-500" }
	p.asked = map[string]string{"get-leader": url(leader)}
	for _, n := range l.nodes {
		if n != leader {
			p.asked["get-follower"] = url(n)
		}
	}
	return p
}

// start probes all the time, each kind by itself, until stop is called.
func (p *probes) start(b *testing.B) (stop func()) {
	ctx, cancel := context.WithCancel(b.Context())
	var working sync.WaitGroup
	probe := func(name string, do func() error) {
		working.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				if err := do(); err != nil {
					b.Error(err)
					return
				}
				p.mu.Lock()
				p.took[name] = append(p.took[name], time.Since(began))
				p.mu.Unlock()
				time.Sleep(10 * time.Millisecond) // a question now and then, no load
			}
		})
	}
	for name, url := range p.asked {
		probe(name, func() error { return p.get(url) })
	}
	n := 0
	probe("write", func() error {
		n++
		for {
			_, err := p.leader.Propose(b.Context(), fsm.SetEndpoint{Key: "key-0", Value: "v", Labels: &map[string]string{"n": fmt.Sprint(n)}})
			if !errors.Is(err, api.ErrUncertain) && !errors.Is(err, api.ErrNoLeader) {
				return err
			}
			p.doubts.Add(1) // a machine that is busy enough loses its leader
		}
	})
	return func() {
		cancel()
		working.Wait()
	}
}

func (p *probes) get(url string) error {
	response, err := p.client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close() // read to its end
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return nil
}

func (p *probes) report(b *testing.B) {
	for name, took := range p.took {
		report(b, name, took)
	}
	b.ReportMetric(float64(p.doubts.Load()), "writes-repeated")
}
