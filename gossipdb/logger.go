package gossipdb

import (
	"context"
	"log/slog"
	"strings"
)

// logWriter takes what memberlist writes to its logger, one line a call, and
// gives it to slog with the level that stands at the start of the line.
type logWriter struct {
	logger *slog.Logger
	// apart reports whether a text is not for the log: it goes to note.
	apart func(text string) bool
	note  func(text string)
}

// Write logs one line. It never fails: memberlist couldn't do anything about it.
func (w logWriter) Write(line []byte) (int, error) {
	level, text := parseLine(string(line))
	if w.apart(text) {
		w.note(text)
		return len(line), nil
	}
	if aboutPeer(text) {
		level = slog.LevelDebug
	}
	if ctx := context.Background(); w.logger.Enabled(ctx, level) {
		w.logger.Log(ctx, level, "memberlist says", "text", text)
	}
	return len(line), nil
}

// aboutPeer reports whether the library speaks of another node that does not
// answer, or that doubts us: it does so again and again, and who comes and goes
// is logged by us, once.
func aboutPeer(text string) bool {
	for _, begins := range [...]string{
		"Suspect ", "Marking ", "Refuting ", "Updating address ",
		"Failed fallback TCP ping", "Push/Pull with ", "Failed to send ", "Failed to push local state",
		"Failed to read remote state", "Was able to connect to ", "ignoring alive message for ", "Conflicting address for ", "Got ping for unexpected node", "failed to receive",
		"Remote node state size ", // what a stranger says that it is going to send
	} {
		if strings.HasPrefix(text, begins) {
			return true
		}
	}
	return false
}

// parseLine takes "… [WARN] memberlist: text" apart. A line without a level is
// a warning: the library has a few, all of them faults.
func parseLine(line string) (slog.Level, string) {
	levels := map[string]slog.Level{
		"DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARN": slog.LevelWarn, "ERR": slog.LevelError, "ERROR": slog.LevelError,
	}
	line = strings.TrimSpace(line)
	_, after, opened := strings.Cut(line, "[")
	word, text, closed := strings.Cut(after, "]")
	level, known := levels[word]
	if !opened || !closed || !known {
		return slog.LevelWarn, line
	}
	return level, strings.TrimPrefix(strings.TrimSpace(text), "memberlist: ")
}
