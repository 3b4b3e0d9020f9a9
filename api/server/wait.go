package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"tocsin/api"
	"tocsin/fsm"
)

// A blocking read: it is answered at once if something of what it asks for has
// changed after the index that it names, and else when something does.

const (
	// maxWaiting is the most blocking reads of one node.
	maxWaiting = 1000
	// defaultWait and maxWait are how long one waits.
	defaultWait = time.Minute
	maxWait     = 5 * time.Minute
)

// waitIndex and waitTime are read by the handler.
type (
	waitIndex string
	waitTime  string
)

// Schema implements huma.SchemaProvider.
func (waitIndex) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0), Description: "Wait until something of what is asked for has changed after this index: the Tocsin-Index of the answer before. " +
		"What counts is state and configuration; votes change without an index. Labels and state choose what is shown, and not what is waited for"}
}

// Schema implements huma.SchemaProvider.
func (waitTime) Schema(r huma.Registry) *huma.Schema {
	s := durationWord{}.Schema(r)
	s.Description, s.Default, s.Examples = "How long to wait for a change after index, 5m at most; without one the answer is as things are then", "1m0s", []any{"30s"}
	return s
}

// scope is what a blocking read is about.
type scope struct {
	// changed reports whether something in it has changed after since. It may
	// say yes when nobody can tell any more.
	changed func(view *fsm.View, since uint64) bool
	// watch returns a channel that is closed once something may have.
	watch func(view *fsm.View) <-chan struct{}
}

// endpointScope is one endpoint, with the settings that hold for it.
func endpointScope(key string) scope {
	return scope{
		changed: func(view *fsm.View, since uint64) bool {
			if e, there := view.Endpoint(key); there {
				return max(e.Modified, view.SettingsIndex()) > since
			}
			changes := view.ChangesSince(since)
			return changes.Everything || slices.Contains(changes.Deleted, key)
		},
		watch: func(view *fsm.View) <-chan struct{} { return view.WatchKey(key) },
	}
}

// prefixScope is all endpoints whose keys begin with prefix.
func prefixScope(prefix string) scope {
	return scope{
		changed: func(view *fsm.View, since uint64) bool {
			changes := view.ChangesSince(since)
			return changes.Everything ||
				slices.ContainsFunc(changes.Deleted, func(key string) bool { return strings.HasPrefix(key, prefix) }) ||
				slices.ContainsFunc(changes.Modified, func(e *fsm.Endpoint) bool { return strings.HasPrefix(e.Key, prefix) })
		},
		watch: func(view *fsm.View) <-chan struct{} { return view.WatchPrefix(prefix) },
	}
}

// eventScope is the events of one endpoint, or of all if key is "". Each is a
// change of its endpoint.
func eventScope(key string) scope {
	return scope{
		changed: func(view *fsm.View, since uint64) bool {
			for e := range view.EventsAfter(since) {
				if key == "" || e.Key == key {
					return true
				}
			}
			return since < view.LastForgotten()
		},
		watch: func(view *fsm.View) <-chan struct{} {
			if key == "" {
				return view.WatchPrefix("")
			}
			return view.WatchKey(key)
		},
	}
}

// await returns when the scope has changed after index, or the time is over. No
// index is no wait. A node that has not come as far as index yet waits for that
// too, so that nobody who changes the node is answered with what was before.
func (s *server) await(ctx context.Context, index waitIndex, wait waitTime, over scope) error {
	since, limit, err := readWaiting(index, wait)
	if err != nil || index == "" {
		return err
	}
	if _, err := s.known(); err != nil {
		return err // another node knows whether there is something to wait for
	}
	ready := func(view *fsm.View) bool { return view.Index() >= since && over.changed(view, since) }
	if ready(s.State.View()) {
		return nil
	}
	leave, err := s.gates.waiting.enter()
	if err != nil {
		return err
	}
	defer leave()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		view := s.State.View()
		if ready(view) {
			return nil
		}
		changed := view.Superseded()
		if view.Index() >= since {
			changed = over.watch(view)
		}
		select {
		case <-changed:
		case <-view.SettingsReplaced():
		case <-timer.C:
			return nil
		case <-s.Stopping:
			return api.Faultf(api.CodeUnavailable, "this node is stopping: ask another one")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func readWaiting(index waitIndex, wait waitTime) (since uint64, limit time.Duration, err error) {
	if since, err = wholeNumber[uint64]("index", string(index), 0, 0, 1<<63-1); err != nil {
		return 0, 0, err
	}
	switch limit, err = defaultWait, nil; {
	case wait == "":
		return since, limit, nil
	case index == "":
		return 0, 0, api.BadRequest("wait is there without an index: give the Tocsin-Index of the answer before")
	}
	limit, err = time.ParseDuration(string(wait))
	if err != nil || limit < 0 || limit > maxWait {
		return 0, 0, api.BadRequest("wait %q is not a duration from 0s to %v, such as 30s", string(wait), maxWait)
	}
	return since, limit, nil
}

// allowTime lets an answer take longer than the server allows all others: from
// now on for so long. A recorder in a test has no such limits.
func allowTime(c *gin.Context, long time.Duration) {
	to := http.NewResponseController(c.Writer)
	_ = to.SetWriteDeadline(time.Now().Add(long))
	_ = to.SetReadDeadline(time.Time{}) // or it would end the request when it passes
}

// allowBody lets the body of a request take longer likewise. When it has been
// read allowTime is due: the time of the answer has passed meanwhile.
func allowBody(c *gin.Context, long time.Duration) {
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(long))
}

// waitProblems are what a read that can wait can answer beside what all can.
func waitProblems() []api.Code { return []api.Code{api.CodeBusy, api.CodeUnavailable} }
