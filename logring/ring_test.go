package logring_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"

	"tocsin/logring"
)

// messages returns what the ring says from that id and level on.
func messages(t *testing.T, r *logring.Ring, id uint64, level slog.Level) (all []string, missed uint64) {
	t.Helper()
	lines, missed, _, _ := r.After(id, level)
	for _, l := range lines {
		var said struct{ Level, Msg string }
		if err := json.Unmarshal(l.JSON, &said); err != nil || said.Level != l.Level.String() {
			t.Errorf("line %d is %s: %v", l.ID, l.JSON, err)
		}
		all = append(all, said.Msg)
	}
	return all, missed
}

func wantMessages(t *testing.T, r *logring.Ring, id uint64, level slog.Level, missed uint64, want ...string) {
	t.Helper()
	if got, lost := messages(t, r, id, level); fmt.Sprint(got) != fmt.Sprint(want) || lost != missed {
		t.Errorf("got %q and %d missed, want %q and %d", got, lost, want, missed)
	}
}

func TestRing_TellsWhatCameAfterAnID(t *testing.T) {
	r := new(logring.Ring)
	log := slog.New(r.Handler())
	wantMessages(t, r, 0, slog.LevelInfo, 0)
	_, _, upTo, changed := r.After(0, slog.LevelInfo)
	if upTo != 0 {
		t.Errorf("an empty ring has come to %d", upTo)
	}
	log.Info("one")
	select {
	case <-changed:
	default:
		t.Error("nobody was told of a new line")
	}
	log.Warn("two")
	log.Debug("nobody listens")
	wantMessages(t, r, 0, slog.LevelInfo, 0, "one", "two")
	wantMessages(t, r, 1, slog.LevelInfo, 0, "two")
	wantMessages(t, r, 0, slog.LevelWarn, 0, "two")
	wantMessages(t, r, 2, slog.LevelInfo, 0)
	wantMessages(t, r, 9, slog.LevelInfo, 0) // which nobody was given
	if r.Newest() != 2 || r.Behind(slog.LevelInfo, 1) != 1 || r.Behind(slog.LevelInfo, 9) != 0 || r.Behind(slog.LevelInfo, 0) != 2 || r.Behind(slog.LevelError, 0) != 0 {
		t.Errorf("newest %d, behind %d %d %d %d", r.Newest(), r.Behind(slog.LevelInfo, 1), r.Behind(slog.LevelInfo, 9), r.Behind(slog.LevelInfo, 0), r.Behind(slog.LevelError, 0))
	}
}

func TestRing_TakesMoreWhileSomebodyListens(t *testing.T) {
	r := new(logring.Ring)
	log := slog.New(r.Handler())
	stop := r.Listen(slog.LevelDebug)
	other := r.Listen(slog.LevelError)
	log.Debug("one")
	stop()
	stop() // does nothing the second time
	log.Debug("two")
	log.Info("three") // though only errors are listened for
	other()
	log.Info("four")
	wantMessages(t, r, 0, slog.LevelDebug, 0, "one", "three", "four")
}

func TestRing_IsBounded(t *testing.T) {
	r := new(logring.Ring)
	log := slog.New(r.Handler())
	for i := range logring.MaxLines + 10 {
		log.Info(fmt.Sprint(i))
	}
	if got, missed := messages(t, r, 0, slog.LevelInfo); len(got) != logring.MaxLines || got[0] != "10" || missed != 10 {
		t.Errorf("%d lines, the first is %s, %d missed", len(got), got[0], missed)
	}
	for range 100 {
		log.Info("long", "with", strings.Repeat("x", 15<<10))
	}
	if got, _ := messages(t, r, 0, slog.LevelInfo); len(got) > 70 || len(got) < 60 {
		t.Errorf("%d lines of 15 KiB", len(got))
	}
	log.Info(strings.Repeat("y", 4<<10), "with", strings.Repeat("x", 100<<10))
	lines, _, _, _ := r.After(r.Newest()-1, slog.LevelInfo)
	if len(lines) != 1 || len(lines[0].JSON) > 2<<10 || !bytes.Contains(lines[0].JSON, []byte("is left out here")) {
		t.Errorf("the longest line is kept as %.200s", lines[0].JSON)
	}
}

// TestHandler is what slog asks of every handler.
func TestHandler(t *testing.T) {
	r := new(logring.Ring)
	err := slogtest.TestHandler(r.Handler(), func() []map[string]any {
		var all []map[string]any
		lines, _, _, _ := r.After(0, slog.LevelInfo)
		for _, l := range lines {
			var m map[string]any
			if err := json.Unmarshal(l.JSON, &m); err != nil {
				t.Error(err)
			}
			all = append(all, m)
		}
		return all
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRing_FromManySides(t *testing.T) {
	r := new(logring.Ring)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			log := slog.New(r.Handler()).With("a", 1)
			for range 200 {
				log.Info("x")
			}
		})
		all.Go(func() {
			defer r.Listen(slog.LevelDebug)()
			var id uint64
			for range 200 {
				_, _, id, _ = r.After(id, slog.LevelDebug)
			}
		})
	}
	all.Wait()
	if got, _ := messages(t, r, 0, slog.LevelInfo); len(got) != 800 {
		t.Errorf("%d lines", len(got))
	}
}
