package logring

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
)

// Handler returns what feeds r. Lines are formatted when they come, outside of
// any lock.
func (r *Ring) Handler() slog.Handler { return handler{ring: r} }

type handler struct {
	ring *Ring
	// with are the attributes and groups of the logger, in order. A logger is
	// made once and seldom writes: so they are formatted with each line.
	with []func(slog.Handler) slog.Handler
}

func (h handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.Level(h.ring.least.Load())
}

func (h handler) Handle(ctx context.Context, record slog.Record) error {
	line, err := h.format(ctx, record)
	if err != nil {
		return err
	}
	if len(line) > longestLine {
		short := slog.NewRecord(record.Time, record.Level, cut(record.Message)+fmt.Sprintf(" (the rest of this line has %d bytes, and is left out here)", len(line)), 0)
		if line, err = (handler{ring: h.ring}).format(ctx, short); err != nil {
			return err
		}
	}
	h.ring.add(record.Level, line)
	return nil
}

// format returns a line of its own.
func (h handler) format(ctx context.Context, record slog.Record) ([]byte, error) {
	var text bytes.Buffer
	var to slog.Handler = slog.NewJSONHandler(&text, &slog.HandlerOptions{Level: slog.Level(-100)})
	for _, with := range h.with {
		to = with(to)
	}
	if err := to.Handle(ctx, record); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

func cut(text string) string {
	const longest = 1 << 10
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

func (h handler) WithGroup(name string) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}

func (h handler) and(with func(slog.Handler) slog.Handler) slog.Handler {
	h.with = append(slices.Clip(h.with), with)
	return h
}
