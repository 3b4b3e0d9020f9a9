package node_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/node"
)

// BenchmarkWholePath measures, on five nodes over loopback with real stores,
// how long it takes from the verdict that makes a quorum to the event on the
// leader, and to the start of the script on the last of the nodes.
func BenchmarkWholePath(b *testing.B) {
	l := newLoopback(b, 5, func(s *fsm.ClusterSettings) { s.Interval = fsm.Duration(20 * time.Millisecond) })
	leader := l.leader(b)
	if _, err := leader.Propose(b.Context(), fsm.SetEndpoint{Key: "db", Value: "v"}); err != nil {
		b.Fatal(err)
	}
	l.await(b, "the baseline is decided", func() bool { return leader.View().LastEvent() > 0 })
	var toEvent, toScripts []time.Duration
	status := health.Up
	for b.Loop() {
		status = map[health.Status]health.Status{health.Up: health.Down, health.Down: health.Up}[status]
		before := leader.View().LastEvent()
		l.truth.set(status)
		committed := awaitEvent(leader, before)
		var last time.Time
		for range l.nodes {
			if got := <-l.told; got.at.After(last) {
				last = got.at
			}
		}
		deciding := l.truth.deciding(3)
		toEvent = append(toEvent, committed.Sub(deciding))
		toScripts = append(toScripts, last.Sub(deciding))
	}
	report(b, "event", toEvent)
	report(b, "last-script", toScripts)
	b.ReportMetric(0, "ns/op") // most of a turn is the wait for the next check
}

// deciding returns when the nth node found what is so now.
func (w *truth) deciding(n int) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := slices.SortedFunc(maps.Values(w.found), time.Time.Compare)
	return found[n-1]
}

func awaitEvent(n *node.Node, after uint64) time.Time {
	for {
		view := n.View()
		if view.LastEvent() > after {
			return time.Now()
		}
		<-view.Superseded()
	}
}

func report(b *testing.B, name string, took []time.Duration) {
	slices.Sort(took)
	at := func(part float64) float64 {
		return float64(took[int(part*float64(len(took)-1))]) / float64(time.Millisecond)
	}
	b.ReportMetric(at(0.5), name+"-p50-ms")
	b.ReportMetric(at(0.99), name+"-p99-ms")
}

// BenchmarkWrites measures how many endpoints a cluster of three nodes takes,
// each written by a request of its own, with so many writers at once.
func BenchmarkWrites(b *testing.B) {
	for _, writers := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("%d-writers", writers), func(b *testing.B) {
			l := newLoopback(b, 3, quiet)
			l.truth.set(health.Unknown) // nothing to decide about what is written
			leader := l.leader(b)
			write(b, writers, func(key, value string) error {
				results, err := leader.Propose(b.Context(), fsm.SetEndpoint{Key: key, Value: value})
				if err == nil && results[0].Refused != nil {
					return results[0].Refused
				}
				return err
			})
		})
	}
}

// BenchmarkWritesHTTP is BenchmarkWrites through the leader's HTTP API; the
// client shares the machine.
func BenchmarkWritesHTTP(b *testing.B) {
	for _, writers := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("%d-writers", writers), func(b *testing.B) {
			l := newLoopback(b, 3, quiet)
			l.truth.set(health.Unknown) // nothing to decide about what is written
			address := "http://" + l.leader(b).Self().HTTP + "/v1/endpoints/"
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: writers}}
			defer client.CloseIdleConnections()
			write(b, writers, func(key, value string) error {
				request, err := http.NewRequestWithContext(b.Context(), http.MethodPut, address+key, bytes.NewReader([]byte(`{"value":"`+value+`"}`)))
				if err != nil {
					return err
				}
				request.Header.Set("Content-Type", "application/json")
				response, err := client.Do(request)
				if err != nil {
					return err
				}
				defer response.Body.Close() // read to its end below
				body, err := io.ReadAll(response.Body)
				if err == nil && response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated {
					return fmt.Errorf("%s: %s", response.Status, body)
				}
				return err
			})
		})
	}
}

// quiet keeps the checks of what is written out of the measurement.
func quiet(s *fsm.ClusterSettings) { s.Interval = fsm.Duration(24 * time.Hour) }

// write writes b.N values to 1,000 keys.
func write(b *testing.B, writers int, set func(key, value string) error) {
	var next atomic.Int64
	var working sync.WaitGroup
	started := time.Now()
	b.ResetTimer()
	for range writers {
		working.Go(func() {
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					return
				}
				if err := set(fmt.Sprintf("key-%d", i%1000), fmt.Sprintf("value-%d", i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	working.Wait()
	b.ReportMetric(float64(b.N)/time.Since(started).Seconds(), "writes/s")
}
