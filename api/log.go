package api

import "time"

// The kinds of message of the stream of a log.
const (
	// LogLine is a line of the log, as slog writes it in JSON.
	LogLine = "line"
	// LogMissing says that lines are missing here: a LogGap.
	LogMissing = "missing"
	// LogRestarted says that the id that was sent is of a process that is no more,
	// and that all follows that this one has kept: a LogRestart.
	LogRestarted = "restarted"
)

// LogGap is the data of the message "missing".
type LogGap struct {
	Lines uint64 `json:"lines"` // of any level
}

// LogRestart is the data of the message "restarted".
type LogRestart struct {
	Started time.Time `json:"started"` // when this process of the node began
}
