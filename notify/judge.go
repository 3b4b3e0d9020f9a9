package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/script"
)

// verdict is what the end of a run means.
type verdict uint8

const (
	succeeded verdict = iota // exit 0
	failed                   // exit 1, a signal, a timeout, no start: worth another attempt
	refused                  // exit 2 and above: the script says that trying again is no use
	unstarted                // there was no room for one more process: it says nothing about the script
	cutShort                 // we stopped it on our way out: it says nothing about the script
)

func judge(r script.Result) verdict {
	switch {
	case r.Interrupted:
		return cutShort
	case script.Shortage(r.StartErr):
		return unstarted
	case r.StartErr != nil, r.TimedOut, r.Signal != "", r.ExitCode < 0, r.ExitCode == 1:
		return failed
	case r.ExitCode == 0:
		return succeeded
	}
	return refused
}

// maxProblem bounds the words for what went wrong, in bytes.
const maxProblem = 512

// describe says what went wrong in a run that was attempt number n of limit.
func describe(r script.Result, timeout time.Duration, n, limit int) string {
	count := fmt.Sprintf("attempt %d of %d", n, limit)
	switch {
	case r.StartErr != nil:
		return tail(r.StartErr.Error(), maxProblem) + ", " + count
	case r.TimedOut:
		return fmt.Sprintf("timed out after %v, %s", timeout, count)
	case r.Signal != "":
		return fmt.Sprintf("ended by signal %s, %s", r.Signal, count)
	case r.ExitCode >= 2:
		return fmt.Sprintf("exit code %d: gave up", r.ExitCode)
	}
	return fmt.Sprintf("exit code %d, %s", r.ExitCode, count)
}

// maxOutput is how much of what a script printed goes into its outcome, in
// bytes: every node keeps it for every event.
const maxOutput = 1 << 10

// outputOf returns the end of what the script printed, which is where the
// reason of a failure stands.
func outputOf(r script.Result) string {
	out := strings.TrimRight(r.Stdout, "\n")
	if errors := strings.TrimRight(r.Stderr, "\n"); errors != "" {
		out = strings.TrimLeft(out+"\n"+errors, "\n")
	}
	return tail(out, maxOutput)
}

// tail returns the end of text, at most so many bytes of it, in valid UTF-8.
func tail(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= most {
		return text
	}
	text = text[len(text)-most:]
	for !utf8.RuneStart(text[0]) {
		text = text[1:]
	}
	return text
}

const (
	firstPause = time.Second
	maxPause   = time.Minute
)

// pauseAfter returns how long to wait after so many failed attempts: a second,
// doubling up to a minute, a quarter of it at most taken off by chance (0 to 1),
// so that what failed together is not tried again together.
func pauseAfter(failures int, chance float64) time.Duration {
	pause := maxPause
	if doublings := failures - 1; doublings < 6 {
		pause = firstPause << max(doublings, 0)
	}
	return pause - time.Duration(chance*float64(pause)/4)
}
