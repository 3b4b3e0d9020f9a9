package script

import (
	"time"

	"tocsin/account"
)

// What a zero Grace and a zero MaxOutput stand for.
const (
	DefaultGrace     = 2 * time.Second
	DefaultMaxOutput = 64 << 10 // bytes
)

// Command is one run of one script.
type Command struct {
	// Path is the file to run, as Dir.Resolve returns it. It is never looked up
	// in PATH.
	Path string
	// Args are the arguments after the name.
	Args []string
	// Env is the whole environment, see Environment. Empty means empty: nothing
	// of our own environment leaks in.
	Env []string
	// User is whom the script runs as, see Dir.As; nil is who we are. HOME, USER and
	// LOGNAME are that user's then, whatever Env says, TMPDIR is none, and the script
	// starts in /: of ours it may be able to enter none.
	User *account.User
	// Stdin is what the script finds on its standard input, which is empty by
	// default. A script may leave it unread.
	Stdin []byte

	// Timeout is how long the script may take. Zero leaves it to the context.
	Timeout time.Duration
	// Grace is the time between TERM and KILL for a script that has to stop.
	// Zero means DefaultGrace.
	Grace time.Duration

	// MaxOutput is how many bytes are kept of each of the two outputs. The rest
	// is read and dropped, so that a talkative script isn't blocked. Zero means
	// DefaultMaxOutput.
	MaxOutput int
}

// Result is how a run ended. Exactly one of these is true: StartErr is set;
// Signal is set; ExitCode is 0 or above.
//
// TimedOut and Interrupted go before ExitCode and Signal: a script that is told
// to stop may well clean up and exit with 0.
type Result struct {
	// Stdout is the beginning of the standard output, and Stderr the end of the
	// standard error output, where the reason stands. Both are valid UTF-8
	// whatever was printed, and at most MaxOutput bytes long.
	Stdout, Stderr string
	// Truncated says that a part of either is missing.
	Truncated bool

	// ExitCode is what the script exited with, -1 if it didn't.
	ExitCode int
	// Signal names the signal that ended the script, such as "killed"; else "".
	Signal string
	// TimedOut: the script was stopped because the deadline had passed, that of
	// Timeout or that of the context.
	TimedOut bool
	// Interrupted: the script was stopped because the context was cancelled.
	// That says something about us and nothing about the script.
	Interrupted bool
	// StartErr is why the script could not be started at all, with the remedy
	// in words where we know one.
	StartErr error

	// Duration is from just before the start until the script and its group
	// were gone.
	Duration time.Duration
}
