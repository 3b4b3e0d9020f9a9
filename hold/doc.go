// Package hold says what holds the changes of an endpoint back: why a change that
// a quorum agrees on is not committed now, and until when.
//
//	cooldown      the last event was only just
//	pause         somebody has paused the endpoint
//	maintenance   a window that was planned is open
//	parent        an endpoint that it depends on is DOWN
//	brake         so many endpoints are DOWN that the cause may be common to all
//
// Checks go on, and all of it is shown; when nothing holds any more, the state
// of that moment is decided.
//
// A [Book] answers for pauses and windows, a pure function of what is replicated
// and of a moment. Their beginnings and ends were given by people, and are the
// only times that are compared with a wall clock: that of whoever asks. If it is
// wrong by an hour, a pause ends an hour early or late, and nothing else is
// decided in another way. Whose clock counts is the leader's.
//
// All functions may be called from any goroutine.
package hold
