// Package replay makes of a committed log the part of a history that follows
// from it, on a state machine that has seen nothing else.
package replay
