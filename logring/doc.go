// Package logring keeps the newest lines of a log in memory, for whoever wants
// to see them later or as they come.
//
// A [Ring] is fed by a slog.Handler and read by anybody. It holds so many lines
// and so many bytes and no more: what is new takes the place of what is oldest.
// Nobody who writes a line ever waits for a reader; a reader who is too slow
// finds that lines are missing, and is told how many.
//
// It takes the lines from INFO on, whatever the log itself shows, and those
// below as long as somebody listens for them.
//
// All of it may be used by any number of goroutines. Nothing is started here.
package logring
