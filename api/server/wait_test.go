package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/api"
	"tocsin/health"
)

// waiting sends a request that waits, and tells whether it is answered.
func (w *world) waiting(target string) (answered func() (answer, bool)) {
	answers := make(chan answer, 1)
	handler := w.handler()
	go func() { answers <- send(handler, "GET", target, "") }()
	return func() (answer, bool) {
		synctest.Wait()
		select {
		case a := <-answers:
			theDocument().conforms(w.t, "GET", target, a)
			return a, true
		default:
			return answer{}, false
		}
	}
}

func TestWaiting_EndsWithWhatIsWaitedFor(t *testing.T) {
	for _, c := range []struct {
		target       string
		other, wakes func(w *world)
	}{
		{"/v1/status?", func(w *world) { w.apply(register("node6")) }, func(w *world) { w.set("b", "2") }},
		{"/v1/status?prefix=a&", func(w *world) { w.set("b", "2") }, func(w *world) { w.decide("a", health.Up) }},
		{"/v1/endpoints?state=UP&prefix=a&", func(w *world) { w.remove("b") }, func(w *world) { w.remove("a") }},
		{"/v1/endpoints?", func(w *world) { w.apply(register("node6")) }, func(w *world) { w.changeSettings() }},
		{"/v1/status/a?", func(w *world) { w.decide("b", health.Up) }, func(w *world) { w.decide("a", health.Up) }},
		{"/v1/status/a?", func(w *world) { w.set("ab", "v") }, func(w *world) { w.remove("a") }},
		{"/v1/endpoints/a?", func(w *world) { w.set("b", "2") }, func(w *world) { w.set("a", "2") }},
		{"/v1/endpoints/a?", func(w *world) { w.set("b", "2") }, func(w *world) { w.changeSettings() }},
		{"/v1/endpoints/new?", func(w *world) { w.set("newer", "2") }, func(w *world) { w.set("new", "2") }},
		{"/v1/events?", func(w *world) { w.set("a", "2") }, func(w *world) { w.decide("b", health.Up) }},
		{"/v1/events?key=a&", func(w *world) { w.decide("b", health.Up) }, func(w *world) { w.decide("a", health.Up) }},
	} {
		t.Run(c.target, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.set("a", "v")
				w.set("b", "v")
				target := fmt.Sprintf("%sindex=%d&wait=2m", c.target, w.index)
				answered := w.waiting(target)
				c.other(w)
				time.Sleep(time.Minute)
				if a, early := answered(); early {
					t.Fatalf("answered though nothing of it has changed: %d %s", a.status, a.body)
				}
				c.wakes(w)
				a, yes := answered()
				if !yes {
					t.Fatal("it sleeps on")
				}
				if got := a.header.Get(api.IndexHeader); a.status == 200 && got != strconv.FormatUint(w.index, 10) {
					t.Errorf("answered as of %s, and the change is %d", got, w.index)
				}
				// Whoever asks with an index from before is answered at once.
				again := w.waiting(target)
				if _, yes := again(); !yes {
					t.Error("it has changed since that index, and a question waits")
					time.Sleep(2 * time.Minute)
				}
			})
		})
	}
}

func TestWaiting_Ends(t *testing.T) {
	for _, c := range []struct {
		query string
		after time.Duration
	}{{"&wait=30s", 30 * time.Second}, {"", time.Minute}, {"&wait=5m", 5 * time.Minute}, {"&wait=0s", 0}} {
		t.Run("after "+c.after.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				answered := w.waiting(fmt.Sprintf("/v1/status?index=%d%s", w.index, c.query))
				if c.after > 0 {
					time.Sleep(c.after - time.Nanosecond)
					if _, early := answered(); early {
						t.Error("answered early")
					}
					time.Sleep(time.Nanosecond)
				}
				if a, yes := answered(); !yes || a.status != 200 {
					t.Errorf("answered %v: %+v", yes, a)
				}
			})
		})
	}
	w := newWorld(t)
	w.get("/v1/status?wait=3s").wantWord(t, 400, "without an index")
	w.get("/v1/status?index=1&wait=6m").wantWord(t, 400, "5m")
	w.get("/v1/status?index=1&wait=soon").wantWord(t, 400, "30s")
	w.get("/v1/events?index=x").wantWord(t, 400, "whole number")
}

// TestWaiting_CatchesUp holds that a node that knows less than the index does
// not answer with what was before.
func TestWaiting_CatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.set("a", "v")
		answered := w.waiting(fmt.Sprintf("/v1/status/a?index=%d", w.index+1))
		if _, early := answered(); early {
			t.Fatal("answered with what was before")
		}
		w.set("b", "v") // the index that the asker knows already
		if _, early := answered(); early {
			t.Fatal("answered though nothing has changed since")
		}
		w.set("a", "2")
		if _, yes := answered(); !yes {
			t.Error("it sleeps on")
		}
	})
}

func TestWaiting_IsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stopping := make(chan struct{})
		w.stopping = stopping
		handler := w.handler()
		target := fmt.Sprintf("/v1/status?index=%d&wait=5m", w.index)
		var mu sync.Mutex // guards statuses
		statuses := map[int]int{}
		for range 1010 {
			go func() {
				a := send(handler, "GET", target, "")
				mu.Lock()
				defer mu.Unlock()
				statuses[a.status]++
			}()
		}
		synctest.Wait()
		if statuses[503] != 10 || len(statuses) != 1 {
			t.Errorf("at first %v", statuses)
		}
		w.get(target).wantWord(t, 503, `"busy"`)
		close(stopping)
		synctest.Wait()
		if statuses[503] != 1010 {
			t.Errorf("after the stop %v", statuses)
		}
		w.get(target).wantWord(t, 503, `"unavailable"`, "stopping")
	})
}

// TestWaiting_OutlastsTheLimitsOfTheServer, which are for those who hang.
func TestWaiting_OutlastsTheLimitsOfTheServer(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewUnstartedServer(w.handler())
	server.Config.ReadTimeout, server.Config.WriteTimeout = 50*time.Millisecond, 50*time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	began := time.Now()
	r, err := http.Get(fmt.Sprintf("%s/v1/status?index=%d&wait=300ms", server.URL, w.index))
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if took := time.Since(began); r.StatusCode != 200 || took < 300*time.Millisecond {
		t.Errorf("answered %d after %v", r.StatusCode, took)
	}
}
