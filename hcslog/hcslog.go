// Package hcslog hands to slog what hashicorp's raft logs through hclog, so that a
// node has one log: it says what is worth a word to an operator, and what is part
// of every election, joining and end.
package hcslog

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// routine reports whether raft warns of something that is part of every start,
// election, joining or end of a node.
func routine(message string) bool {
	switch message {
	case "heartbeat timeout reached, starting election",
		"Election timeout reached, restarting election",
		"no known peers, aborting election",
		"not part of stable configuration, aborting election",
		"rejecting pre-vote request since we have a leader",
		"failed to get previous log",
		"appendEntries rejected, sending older logs",
		// Of a store that does not take it we say so ourselves, once.
		"failed to commit logs",
		"failed to append to logs",
		"failed to persist vote",
		// Of a node that does not answer we say so ourselves, once.
		"failed to heartbeat to",
		"failed to appendEntries to",
		"failed to pipeline appendEntries",
		"failed to start pipeline replication to",
		"failed to contact",
		"failed to make requestVote RPC",
		"failed to decode incoming command",
		"peer has newer term, stopping replication":
		return true
	}
	return false
}

// logger hands what raft logs to slog. Raft tells all it does; what it calls
// Info happens at every election and is Debug to an operator.
type logger struct {
	hclog.Logger // the rest of a large interface, doing nothing
	to           *slog.Logger
}

// New returns a logger for raft, or for what belongs to it, that hands on to what
// it is told. Any goroutine may use it.
func New(to *slog.Logger) hclog.Logger {
	return &logger{Logger: hclog.NewNullLogger(), to: to.With("component", "raft")}
}

func (l *logger) log(level slog.Level, message string, args []any) {
	if !l.to.Enabled(context.Background(), level) {
		return
	}
	for i, a := range args { // hclog's own types print best as text
		if i%2 == 1 {
			args[i] = fmt.Sprint(a)
		}
	}
	l.to.Log(context.Background(), level, message, args...)
}

func (l *logger) Log(level hclog.Level, message string, args ...any) {
	switch level {
	case hclog.Error:
		l.Error(message, args...)
	case hclog.Warn:
		l.Warn(message, args...)
	default:
		l.Debug(message, args...)
	}
}
func (l *logger) Trace(string, ...any)              {}
func (l *logger) Debug(message string, args ...any) { l.log(slog.LevelDebug, message, args) }
func (l *logger) Info(message string, args ...any)  { l.log(slog.LevelDebug, message, args) }
func (l *logger) Warn(message string, args ...any) {
	if routine(message) {
		l.Debug(message, args...)
		return
	}
	l.log(slog.LevelWarn, message, args)
}

func (l *logger) Error(message string, args ...any) {
	if routine(message) {
		l.Debug(message, args...)
		return
	}
	l.log(slog.LevelError, message, args)
}

func (l *logger) IsDebug() bool { return l.to.Enabled(context.Background(), slog.LevelDebug) }
func (l *logger) IsInfo() bool  { return l.IsDebug() }
func (l *logger) IsWarn() bool  { return true }
func (l *logger) IsError() bool { return true }

func (l *logger) With(args ...any) hclog.Logger                         { return &logger{l.Logger, l.to.With(args...)} }
func (l *logger) Named(string) hclog.Logger                             { return l }
func (l *logger) ResetNamed(string) hclog.Logger                        { return l }
func (l *logger) StandardWriter(*hclog.StandardLoggerOptions) io.Writer { return io.Discard }
func (l *logger) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return log.New(io.Discard, "", 0)
}
