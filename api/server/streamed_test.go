package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
)

// reader reads a stream over a pipe, in virtual time.
type reader struct {
	t     *testing.T
	lines *bufio.Reader
	id    string // the last one
	stop  context.CancelFunc
}

// sse is one message of a stream.
type sse struct{ kind, id, data string }

// pipe is a ResponseWriter whose reader may be as slow as it likes.
type pipe struct {
	header http.Header
	net.Conn
}

func (p pipe) Header() http.Header                 { return p.header }
func (p pipe) WriteHeader(int)                     {}
func (p pipe) Flush()                              {}
func (p pipe) SetWriteDeadline(at time.Time) error { return p.Conn.SetWriteDeadline(at) }
func (p pipe) SetReadDeadline(time.Time) error     { return nil }

// stream opens one behind the id, "" for what comes next.
func (w *world) stream(t *testing.T, id string) *reader {
	t.Helper()
	return w.follow(t, "/v1/stream", id)
}

// follow opens any stream.
func (w *world) follow(t *testing.T, target, id string) *reader {
	t.Helper()
	here, there := net.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	request := httptest.NewRequestWithContext(ctx, "GET", target, nil)
	if id != "" {
		request.Header.Set("Last-Event-ID", id)
	}
	handler := w.handler()
	go func() {
		defer there.Close()
		handler.ServeHTTP(pipe{http.Header{}, there}, request)
	}()
	r := &reader{t: t, lines: bufio.NewReader(here), stop: func() { cancel(); here.Close() }}
	t.Cleanup(r.stop)
	return r
}

// next returns the next message; one of kind "" is a sign of life.
func (r *reader) next() sse {
	r.t.Helper()
	var m sse
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			r.t.Fatalf("the stream ended: %v", err)
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "event":
			m.kind = value
		case "id":
			m.id, r.id = value, value
		case "data":
			m.data = value
		case "":
			if line == "\n" {
				return m
			}
		}
	}
}

// want reads one message and holds that it is of the kind and speaks of it.
func (r *reader) want(kind, id, words string) {
	r.t.Helper()
	m := r.next()
	if m.kind != kind || m.id != id || !strings.Contains(m.data, words) || kind != "" && !json.Valid([]byte(m.data)) {
		r.t.Errorf("got %+v, want %s with the id %q about %s", m, kind, id, words)
	}
}

func number(index uint64) string { return fmt.Sprint(index) }

func outcomeOf(event uint64, node string) fsm.Command {
	return fsm.RecordOutcome{Outcome: fsm.Outcome{Event: event, Node: node, Role: fsm.Follower, Ending: fsm.Done, Attempt: 1, Time: birth}}
}

func TestStream_TellsAllAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := w.stream(t, "")
		start := number(w.index)
		r.want("", start, "")

		w.set("db", "v1")
		r.want("endpoint", number(w.index), `"value":"v1"`)
		event := w.decide("db", health.Down)
		r.want("state", number(event), `"to":"DOWN"`)
		w.apply(outcomeOf(event, "node1"), outcomeOf(event, "node2"))
		r.want("outcome", "", `"node":"node1"`) // of two with one index the second completes it
		r.want("outcome", number(w.index), `"node":"node2"`)
		w.remove("db")
		r.want("deleted", number(w.index), `"key":"db"`)
		r.stop()

		// The same again for whoever comes with the id of the start.
		r = w.stream(t, start)
		r.want("", start, "")
		r.want("state", number(event), "DOWN")
		r.want("outcome", "", "node1")
		r.want("outcome", number(w.index-1), "node2")
		r.want("deleted", number(w.index), "db")
		r.stop()

		// And only the rest for whoever was cut off in the middle.
		r = w.stream(t, number(event))
		r.want("", number(event), "")
		r.want("outcome", "", "node1")
		r.want("outcome", number(w.index-1), "node2")
		r.want("deleted", number(w.index), "db")
		w.changeSettings()
		r.want("resync", number(w.index), "settings")
		w.set("web", "v")
		r.want("endpoint", number(w.index), "web")
		r.stop()
		synctest.Wait()
	})
}

// TestStream_TellsWhatIsKeptThoughTheSettingsChanged: events and outcomes are known
// all the same, and the resync is behind them, so that nothing is lost of a reader
// who is cut off in between.
func TestStream_TellsWhatIsKeptThoughTheSettingsChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.set("db", "v")
		w.decide("db", health.Up)
		begin := w.index
		w.set("db", "w")
		first := w.decide("db", health.Down)
		w.apply(outcomeOf(first, "node1"))
		w.changeSettings()
		last := w.decide("db", health.Up)
		r := w.stream(t, number(begin))
		r.want("", number(begin), "")
		r.want("state", number(first), `"to":"DOWN"`)
		r.want("outcome", number(first+1), "node1")
		r.want("state", "", `"to":"UP"`) // the resync has the same index
		r.want("resync", number(last), `which hold for all endpoints","events":false`)
		w.set("web", "v")
		r.want("endpoint", number(w.index), "web")
		r.stop()
		synctest.Wait()
	})
}

func TestStream_SaysWhenSomethingMayBeMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		settings := w.View().Settings()
		settings.EventsKept = 1000
		w.apply(fsm.ChangeSettings{Settings: settings})
		w.set("db", "v")
		begin := w.index
		for i := range 1001 {
			w.decide("db", []health.Status{health.Up, health.Down}[i%2])
		}
		r := w.stream(t, number(begin))
		r.want("", number(begin), "")
		r.want("resync", number(w.index), `kept no more","events":true`)
		r.stop()

		// From the future: the node waits for it, and gives up.
		r = w.stream(t, number(w.index+5))
		r.want("", number(w.index+5), "")
		began := time.Now()
		r.want("resync", number(w.index), `backup","events":true`)
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("gave up after %v", took)
		}
		r.stop()
		synctest.Wait()
	})
}

func TestStream_LivesAndDropsWhoIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := w.stream(t, "")
		r.want("", number(w.index), "")
		began := time.Now()
		w.apply(register("node6")) // nothing that is told, and the id goes on all the same
		r.want("", number(w.index), "")
		if took := time.Since(began); took != 15*time.Second {
			t.Errorf("a sign of life after %v", took)
		}
		w.set("db", "v")
		time.Sleep(11 * time.Second) // nobody reads
		if _, err := io.Copy(io.Discard, r.lines); err != nil {
			t.Errorf("the end of the stream is %v", err)
		}
		synctest.Wait()
	})
}

func TestStream_IsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stopping := make(chan struct{})
		w.stopping = stopping
		all := make([]*reader, 256)
		for i := range all {
			all[i] = w.stream(t, "")
			all[i].want("", number(w.index), "")
		}
		a := send(w.handler(), "GET", "/v1/stream", "")
		a.wantWord(t, 503, `"busy"`, "256 streams")
		all[0].stop()
		synctest.Wait()
		r := w.stream(t, "")
		r.want("", number(w.index), "")
		close(stopping)
		synctest.Wait()
		if _, err := r.lines.ReadString('\n'); err != io.EOF {
			t.Errorf("when the node stops the stream says %v", err)
		}
	})
	newWorld(t).request("GET", "/v1/stream", "", "Last-Event-ID: soon").wantWord(t, 400, "Last-Event-ID")
}

// TestStream_OutlastsTheLimitsOfTheServer over real sockets.
func TestStream_OutlastsTheLimitsOfTheServer(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewUnstartedServer(w.handler())
	server.Config.ReadTimeout, server.Config.WriteTimeout = 50*time.Millisecond, 50*time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	a, err := http.Get(server.URL + "/v1/stream")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Body.Close() })
	if kind := a.Header.Get("Content-Type"); a.StatusCode != 200 || kind != "text/event-stream" || a.Header.Get(api.ServedByHeader) != "node2" {
		t.Errorf("got %d %s", a.StatusCode, kind)
	}
	r := &reader{t: t, lines: bufio.NewReader(a.Body)}
	r.want("", number(w.index), "")
	time.AfterFunc(200*time.Millisecond, func() { w.set("db", "v") })
	r.want("endpoint", number(w.index+1), "db")
}
