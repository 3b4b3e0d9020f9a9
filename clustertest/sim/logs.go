package sim

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"tocsin/clustertest/check"
	"tocsin/fsm"
	"tocsin/hold"
)

// logs is a slog.Handler that reads in a node's log what no state shows: what
// the node says to the operator is part of what it promises.
type logs struct {
	record *recorder
	life   *life
	attrs  []slog.Attr
}

// Enabled implements slog.Handler.
func (logs) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// WithAttrs implements slog.Handler.
func (l logs) WithAttrs(attrs []slog.Attr) slog.Handler {
	l.attrs = append(l.attrs[:len(l.attrs):len(l.attrs)], attrs...)
	return l
}

// WithGroup implements slog.Handler; nobody uses groups.
func (l logs) WithGroup(string) slog.Handler { return l }

// Handle implements slog.Handler.
func (l logs) Handle(_ context.Context, entry slog.Record) error {
	if l.life.process.Over.Err() != nil {
		return nil // the dead say nothing
	}
	said := map[string]slog.Value{}
	for _, a := range l.attrs {
		said[a.Key] = a.Value
	}
	entry.Attrs(func(a slog.Attr) bool {
		said[a.Key] = a.Value
		return true
	})
	l.note(entry.Message, said)
	return nil
}

func (l logs) note(message string, said map[string]slog.Value) {
	node := l.life.Life.Node
	number := func(key string) uint64 {
		switch v := said[key].Any().(type) {
		case uint64:
			return v
		case int64:
			return uint64(v)
		}
		return 0
	}
	gap := func(after, before uint64) {
		l.record.change(func(h *check.History, now time.Duration) {
			h.Gaps = append(h.Gaps, check.Gap{Node: node, After: after, Before: before, At: now})
		})
		l.record.sometimes(GapReported)
	}
	switch message {
	case "this node takes part":
		l.record.change(func(*check.History, time.Duration) { l.life.Epoch = number("epoch") })
	case "this node leads":
		l.record.leads(node, number("term"))
	case "notification ended", "notification given up: this machine was not told, see to it by hand":
		l.ended(said, number)
	case "events were missed: the cluster no longer keeps them; what is so now is notified where it differs from what this node acted on last":
		gap(number("after_event"), number("to_event")+1)
	case "the disk is new but the node's name is not: it begins at the newest event, as a new node does":
		gap(0, number("cursor")+1)
	case "runs what was given up again: somebody has asked for it":
		l.record.sometimes(RunAgain)
	case "takes over the leader's notification":
		l.record.sometimes(TakenOver)
	case "the raft configuration has changed":
		if said["step"].String() == "demote" {
			l.record.sometimes(VoterMadeRoom)
		}
	case "change held back":
		by := said["held_by"].String()
		for kind, what := range map[hold.Kind]string{hold.Cooldown: HeldBack, hold.Pause: PausedBack, hold.Parent: ParentHeld, hold.Brake: Braked} {
			if strings.Contains(by, string(kind)) {
				l.record.sometimes(what)
			}
		}
	}
}

func (l logs) ended(said map[string]slog.Value, number func(string) uint64) {
	e := check.Ending{
		Node: l.life.Life.Node, Life: l.life.Number, Event: number("event"), Key: said["key"].String(),
		Ending: fsm.Ending(said["ending"].String()), Role: fsm.Role(said["role"].String()), Attempt: int(number("attempt")),
	}
	l.record.change(func(h *check.History, now time.Duration) {
		e.At = now
		h.Endings = append(h.Endings, e)
	})
	switch e.Ending {
	case fsm.GaveUp:
		l.record.sometimes(GivenUp)
	case fsm.Superseded:
		l.record.sometimes(SupersededSeen)
	}
}
