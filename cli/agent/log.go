package agent

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"

	"tocsin/config"
	"tocsin/logring"
)

// logOptions say how to log.
type logOptions struct{ format, level string }

func (l *logOptions) group() config.Group {
	return config.Group{Heading: "Log", Options: []config.Option{
		{Name: "log-format", Value: config.OneOf(&l.format, "text", "json"), Reload: true, Help: "`format` of the log on standard error: text or json"},
		{Name: "log-level", Value: config.OneOf(&l.level, "debug", "info", "warn", "error"), Reload: true, Help: "least `level` that is logged: debug, info, warn or error"},
	}}
}

// liveLog is a log whose options can be changed while it is written, also those
// of loggers made from it before.
type liveLog struct {
	logger *slog.Logger
	ring   *logring.Ring // what was written last, and more than that
	level  *slog.LevelVar
	json   *atomic.Bool
}

func newLiveLog(to io.Writer, options logOptions) *liveLog {
	l := &liveLog{ring: new(logring.Ring), level: new(slog.LevelVar), json: new(atomic.Bool)}
	handle := &slog.HandlerOptions{Level: l.level}
	lines := &oneAtATime{to: to}
	l.logger = slog.New(slog.NewMultiHandler(
		either{l.json, slog.NewJSONHandler(lines, handle), slog.NewTextHandler(lines, handle)},
		l.ring.Handler(),
	))
	l.set(options)
	return l
}

func (l *liveLog) set(options logOptions) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(options.level)); err != nil {
		level = slog.LevelInfo // the option takes no other word
	}
	l.level.Set(level)
	l.json.Store(options.format == "json")
}

// oneAtATime is a writer for two handlers, each of which thinks it is alone.
type oneAtATime struct {
	mu sync.Mutex
	to io.Writer
}

func (o *oneAtATime) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.to.Write(line)
}

// either is two handlers of which one is used at a time.
type either struct {
	useFirst      *atomic.Bool
	first, second slog.Handler
}

func (e either) used() slog.Handler {
	if e.useFirst.Load() {
		return e.first
	}
	return e.second
}

func (e either) Enabled(ctx context.Context, level slog.Level) bool {
	return e.used().Enabled(ctx, level)
}

func (e either) Handle(ctx context.Context, r slog.Record) error { return e.used().Handle(ctx, r) }

func (e either) WithAttrs(attrs []slog.Attr) slog.Handler {
	return either{e.useFirst, e.first.WithAttrs(attrs), e.second.WithAttrs(attrs)}
}

func (e either) WithGroup(name string) slog.Handler {
	return either{e.useFirst, e.first.WithGroup(name), e.second.WithGroup(name)}
}
