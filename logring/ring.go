package logring

import (
	"log/slog"
	"sync"
	"sync/atomic"
)

const (
	// MaxLines and maxBytes bound what is held.
	MaxLines = 4096
	maxBytes = 1 << 20
	// longestLine bounds what one line takes of it.
	longestLine = 16 << 10
)

// usual is the level from which on lines are kept when nobody asks for more.
const usual = slog.LevelInfo

// Line is one line of the log.
type Line struct {
	// ID counts the lines of this ring, from 1.
	ID    uint64
	Level slog.Level
	// JSON is the line as slog's JSON handler writes it, without an end of line.
	// It is never written to.
	JSON []byte
}

// Ring holds the newest lines. The zero Ring is empty and ready for use.
type Ring struct {
	// least is the level from which on lines are taken; it changes under mu, and
	// is read without.
	least atomic.Int64

	mu        sync.Mutex // guards what follows
	lines     []Line     // oldest first, without a gap in their ids
	bytes     int        // of their JSON
	newest    uint64     // id
	changed   chan struct{}
	listening map[slog.Level]int // how many listen, by the level that they ask for
}

// add takes a line in.
func (r *Ring) add(level slog.Level, json []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.newest++
	r.lines = append(r.lines, Line{ID: r.newest, Level: level, JSON: json})
	r.bytes += len(json)
	out := 0
	for len(r.lines)-out > MaxLines || r.bytes > maxBytes {
		r.bytes -= len(r.lines[out].JSON)
		r.lines[out] = Line{} // the array may live on for a while
		out++
	}
	r.lines = r.lines[out:]
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// Newest returns the id of the newest line, 0 if there is none.
func (r *Ring) Newest() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.newest
}

// Behind returns the id behind which there are as many lines of that level or
// above as there are, and most at the most.
func (r *Ring) Behind(level slog.Level, most int) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.lines) - 1; i >= 0; i-- {
		if r.lines[i].Level < level {
			continue
		}
		if most == 0 {
			return r.lines[i].ID
		}
		most--
	}
	if len(r.lines) == 0 {
		return r.newest
	}
	return r.lines[0].ID - 1
}

// After returns the lines of that level or above that came after the one with
// the id, as many as are still held; how many lines, of any level, came after it
// and are held no more; the id that it has come to; and a channel that is closed
// when there is another line.
func (r *Ring) After(id uint64, level slog.Level) (lines []Line, missed, upTo uint64, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	first := r.newest - uint64(len(r.lines)) + 1
	id = min(id, r.newest) // whoever claims to have more has all
	if id+1 < first {
		missed = first - 1 - id
		id = first - 1
	}
	for _, l := range r.lines[id+1-first:] {
		if l.Level >= level {
			lines = append(lines, l)
		}
	}
	return lines, missed, r.newest, r.changed
}

// Listen has lines of that level taken in, too, until stop is called.
func (r *Ring) Listen(level slog.Level) (stop func()) {
	r.listen(level, 1)
	return sync.OnceFunc(func() { r.listen(level, -1) })
}

func (r *Ring) listen(level slog.Level, more int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listening == nil {
		r.listening = map[slog.Level]int{}
	}
	if r.listening[level] += more; r.listening[level] == 0 {
		delete(r.listening, level)
	}
	least := usual
	for asked := range r.listening {
		least = min(least, asked)
	}
	r.least.Store(int64(least))
}
