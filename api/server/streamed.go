package server

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"tocsin/fsm"
)

const (
	streamPath = "/v1/stream"
	streamType = "text/event-stream"

	// maxStreams is the most streams of one node.
	maxStreams = 256
	// heartbeat is how often a stream says that it is alive.
	heartbeat = 15 * time.Second
	// readerPatience is how long a reader may take for what is sent. Who is
	// slower is dropped, and comes back with the id that it has come to.
	readerPatience = 10 * time.Second
	// behindPatience is how long a stream waits for this node to come as far as
	// its reader. Longer than that, it is of a history that is no more.
	behindPatience = 10 * time.Second
)

func (s *server) streamOperation(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: streamPath, id: "stream", tag: "status",
		summary: "Everything that happens, as it happens",
		text: "Server-sent events: state (an Event), endpoint (an Endpoint that was added or changed), deleted, outcome (of a notification on a node), " +
			"and resync, when something may have been missed. The id is a raft index: with it as Last-Event-ID a stream goes on, on any node.",
		streams:  "event: deleted\nid: 43\ndata: {\"key\":\"web\",\"index\":43}\n\n",
		problems: waitProblems(),
	}, s.stream)
}

type streamInput struct {
	LastEventID string `header:"Last-Event-ID" doc:"Go on behind this id; without one the stream begins with what comes next" example:"42"`
}

func (s *server) stream(_ context.Context, in *streamInput) (*huma.StreamResponse, error) {
	view, err := s.known() // or all that ever was would come as if it happened now
	if err != nil {
		return nil, err
	}
	since, err := wholeNumber[uint64]("Last-Event-ID", in.LastEventID, view.Index(), 0, 1<<63-1)
	if err != nil {
		return nil, err
	}
	leave, err := s.gates.streaming.enter()
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer leave()
		out := newEventWriter(humagin.Unwrap(c), "")
		if err := s.follow(c.Context(), out, since); err != nil {
			s.log.Debug("stream ended", "address", c.RemoteAddr(), "err", err)
		}
	}}, nil
}

// follow sends what happens after since until the reader goes, is too slow, or
// the node stops.
func (s *server) follow(ctx context.Context, out *eventWriter, since uint64) error {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	waited := time.NewTimer(behindPatience) // until this node has come to since
	defer waited.Stop()
	lost := false
	out.mark(since)
	for {
		view := s.State.View()
		if view.Index() >= since || lost {
			since = tell(out, view, since, lost)
			lost = false
			waited.Stop()
		}
		if err := out.flush(); err != nil {
			return err
		}
		select {
		case <-view.Superseded():
		case <-waited.C:
			lost = true
		case <-beat.C:
			out.mark(since)
		case <-s.Stopping:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tell sends what has happened between since and view, and returns how far the
// stream has come. Of a lost reader nobody knows what it has missed.
func tell(out *eventWriter, view *fsm.View, since uint64, lost bool) uint64 {
	messages := []message{resync(view, "this node knows nothing as new as the id: the cluster may have been restored from a backup", true)}
	if !lost {
		messages = feed(view, since)
	}
	for i, m := range messages {
		// Messages of one entry share its index. Only behind the last of them a
		// reader has come as far as that.
		out.send(m, i+1 == len(messages) || messages[i+1].index != m.index)
	}
	return view.Index()
}

// eventWriter writes server-sent events. After an error it writes no more.
type eventWriter struct {
	begin string // of each id: what its number counts from
	to    gin.ResponseWriter
	text  bytes.Buffer
	err   error
}

func newEventWriter(c *gin.Context, begin string) *eventWriter {
	allowTime(c, readerPatience)
	c.Header("Content-Type", streamType)
	c.Header("X-Accel-Buffering", "no") // a proxy is not to gather what is to be seen at once
	c.Status(http.StatusOK)
	return &eventWriter{begin: begin, to: c.Writer}
}

// mark says that the stream is alive and has come to index.
func (w *eventWriter) mark(index uint64) {
	fmt.Fprintf(&w.text, ": alive\nid: %s%d\n\n", w.begin, index)
}

// send writes m, with its id if it completes what has that index. It goes out
// at once where much has gathered, so that no stream holds much.
func (w *eventWriter) send(m message, complete bool) {
	if w.err != nil {
		return
	}
	fmt.Fprintf(&w.text, "event: %s\n", m.kind)
	if complete {
		fmt.Fprintf(&w.text, "id: %s%d\n", w.begin, m.index)
	}
	w.text.WriteString("data: ")
	if w.err = newEncoder(&w.text).Encode(m.data()); w.err != nil { // one line, with its end
		return
	}
	w.text.WriteString("\n")
	if w.text.Len() > 64<<10 {
		w.err = w.flush()
	}
}

// flush sends what was written. A reader who does not take it in time is too
// slow.
func (w *eventWriter) flush() error {
	if w.err != nil || w.text.Len() == 0 {
		return w.err
	}
	to := http.NewResponseController(w.to)
	_ = to.SetWriteDeadline(time.Now().Add(readerPatience)) // a recorder in a test has none
	if _, w.err = w.to.Write(w.text.Bytes()); w.err == nil {
		w.text.Reset()
		w.err = to.Flush()
	}
	return w.err
}
