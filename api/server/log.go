package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"tocsin/api"
	"tocsin/logring"
)

// maxLogs is the most logs that one node shows at once.
const maxLogs = 32

func (s *server) logOperation(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: "/v1/log", id: "follow-log", tag: "node",
		summary: "The log of this node, as it is written",
		text: "Server-sent events: line (a line of the log as an object with time, level, msg and the attributes), missing, when lines came faster than they were read, and restarted, when the id is of a process that is no more. " +
			"The newest lines are kept in memory, at most 4,096 and 1 MiB, from INFO on, whatever the node itself logs, and DEBUG as long as somebody follows it. " +
			"The id names this process and counts its lines: with it as Last-Event-ID the log goes on; with one of a process before it begins with the first line that this one has kept.",
		streams:  "event: line\nid: dgx5k1c2o4qo-7\ndata: {\"time\":\"2026-11-20T16:04:02Z\",\"level\":\"INFO\",\"msg\":\"this node leads\",\"node\":\"node1\",\"term\":3}\n\n",
		problems: waitProblems(),
	}, s.followLog)
}

type logInput struct {
	Level       logLevel  `query:"level"`
	Lines       logLines  `query:"lines"`
	Follow      logFollow `query:"follow"`
	LastEventID string    `header:"Last-Event-ID" doc:"Go on behind this id, instead of lines" example:"dgx5k1c2o4qo-7"`
}

// logLevel, logLines and logFollow are read by the handler.
type (
	logLevel  string
	logLines  string
	logFollow string
)

// Schema implements huma.SchemaProvider.
func (logLevel) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: []any{"debug", "info", "warn", "error"}, Default: "info", Description: "The least level that is shown"}
}

// Schema implements huma.SchemaProvider.
func (logLines) Schema(huma.Registry) *huma.Schema {
	return numberSchema(0, logring.MaxLines, 0, "How many lines that were written before to begin with")
}

// Schema implements huma.SchemaProvider.
func (logFollow) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: []any{"true", "false"}, Default: "true", Description: "Whether to go on with what comes, or to end with what is there"}
}

// level returns the level that was asked for.
func (l logLevel) level() (slog.Level, error) {
	switch l {
	case "":
		return slog.LevelInfo, nil
	case "debug", "info", "warn", "error":
		var level slog.Level
		return level, level.UnmarshalText([]byte(l))
	}
	return 0, api.BadRequest("level %q is none of debug, info, warn, error", string(l))
}

func (f logFollow) follows() (bool, error) {
	switch f {
	case "", "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, api.BadRequest("follow %q is neither true nor false", string(f))
}

func (s *server) followLog(_ context.Context, in *logInput) (*huma.StreamResponse, error) {
	level, err := in.Level.level()
	if err != nil {
		return nil, err
	}
	lines, err := wholeNumber("lines", string(in.Lines), 0, 0, logring.MaxLines)
	if err != nil {
		return nil, err
	}
	follows, err := in.Follow.follows()
	if err != nil {
		return nil, err
	}
	behind, restarted, err := s.lineOf(in.LastEventID, s.Log.Behind(level, lines))
	if err != nil {
		return nil, err
	}
	leave, err := s.gates.logging.enter()
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer leave()
		defer s.Log.Listen(level)()
		out := newEventWriter(humagin.Unwrap(c), s.ofThisProcess())
		if restarted {
			out.send(message{behind, api.LogRestarted, func() any { return api.LogRestart{Started: api.ReadableTime(s.State.Self().Started)} }}, true)
		}
		if err := s.sendLog(c.Context(), out, behind, level, follows); err != nil {
			s.log.Debug("stream ended", "address", c.RemoteAddr(), "err", err)
		}
	}}, nil
}

// ofThisProcess begins the ids of the lines of this process: they count from 1 in
// each.
func (s *server) ofThisProcess() string {
	return strconv.FormatInt(s.State.Self().Started.UnixNano(), 36) + "-"
}

// lineOf reads the id of a line, or takes the line that is given where there is
// none. Of an id of a process that is no more it says so, and goes on behind
// nothing: its reader knows none of the lines of this one.
func (s *server) lineOf(id string, otherwise uint64) (line uint64, restarted bool, err error) {
	if id == "" {
		return otherwise, false, nil
	}
	process, count, ok := strings.Cut(id, "-")
	if !ok {
		return 0, false, api.BadRequest("Last-Event-ID %.80q is no id of a line: send the last one as it came", id)
	}
	if line, err = wholeNumber[uint64]("Last-Event-ID", count, 0, 0, 1<<63-1); err != nil {
		return 0, false, err
	}
	if process+"-" != s.ofThisProcess() {
		return 0, true, nil
	}
	return line, false, nil
}

// sendLog sends the lines behind the id until the reader goes, is too slow, or
// the node stops; or, if it is not to follow, all that are there.
func (s *server) sendLog(ctx context.Context, out *eventWriter, behind uint64, level slog.Level, follows bool) error {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	out.mark(behind)
	for {
		lines, missed, upTo, changed := s.Log.After(behind, level)
		if missed > 0 {
			out.send(message{behind + missed, api.LogMissing, func() any { return api.LogGap{Lines: missed} }}, true)
		}
		for _, l := range lines {
			out.send(message{l.ID, api.LogLine, func() any { return json.RawMessage(l.JSON) }}, true)
		}
		behind = upTo
		if err := out.flush(); err != nil || !follows {
			return err
		}
		select {
		case <-changed:
		case <-beat.C:
			out.mark(behind)
		case <-s.Stopping:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
