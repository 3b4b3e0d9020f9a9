package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/fsm"
	"tocsin/script"
)

// judgement is what the end of a run means.
type judgement uint8

const (
	succeeded judgement = iota // exit 0
	failed                     // exit 1, a signal, a timeout, no start: worth another attempt
	refused                    // exit 2 and above: the script says that trying again is no use
	unstarted                  // there was no room for one more process: it says nothing about the script
	cutShort                   // we stopped it on our way out: it says nothing about the script
)

func judge(r script.Result) judgement {
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

// Meaning is what the end of one run means for its notification.
type Meaning string

// The meanings.
const (
	MeansDone    Meaning = "done"
	MeansRetried Meaning = "retried"  // after a pause, until the attempts are used up
	MeansGivenUp Meaning = "given up" // no further attempt is made
	MeansNothing Meaning = "nothing"  // it says nothing about the script, and is no attempt
)

// MeaningOf says what the end of a run with that timeout means, and what went
// wrong in it, "" if nothing.
func MeaningOf(r script.Result, timeout time.Duration) (m Meaning, problem string) {
	m = map[judgement]Meaning{
		succeeded: MeansDone, failed: MeansRetried, refused: MeansGivenUp, unstarted: MeansNothing, cutShort: MeansNothing,
	}[judge(r)]
	return m, reasonOf(r, timeout)
}

// attempt is what is kept of one run that has ended. It is small, and shares no
// memory with what the script printed.
type attempt struct {
	judgement judgement
	timedOut  bool
	exitCode  int
	took      time.Duration
	output    string // its end, up to fsm.MaxOutput bytes
	reason    string // what went wrong, up to fsm.MaxProblem bytes; "" if nothing
	count     string // which attempt it was, for people
}

// attemptOf reduces the end of a run to what is kept of it.
func attemptOf(r script.Result, timeout time.Duration) attempt {
	return attempt{
		judgement: judge(r), timedOut: r.TimedOut, exitCode: r.ExitCode, took: r.Duration,
		output: outputOf(r), reason: reasonOf(r, timeout),
	}
}

// reasonOf says what went wrong in a run.
func reasonOf(r script.Result, timeout time.Duration) string {
	switch {
	case r.StartErr != nil:
		return shorten(r.StartErr.Error(), fsm.MaxProblem)
	case r.TimedOut:
		return fmt.Sprintf("timed out after %v", timeout)
	case r.Signal != "":
		return "ended by signal " + r.Signal
	case r.ExitCode == 0:
		return ""
	}
	return fmt.Sprintf("exit code %d", r.ExitCode)
}

// numbered notes that a was attempt n of limit.
func (a *attempt) numbered(n, limit int) {
	a.count = fmt.Sprintf(", attempt %d of %d", n, limit)
	if a.judgement == refused {
		a.count = ": gave up"
	}
}

// problem says what went wrong and in which attempt, in at most so many bytes:
// when there is not room for both it is the reason that gives way.
func (a *attempt) problem(most int) string {
	if a.judgement == succeeded {
		return ""
	}
	return shorten(a.reason, most-len(a.count)) + a.count
}

// problemAfter says why a notification was ended and what went wrong in the run
// before, in at most fsm.MaxProblem bytes.
func (a *attempt) problemAfter(why string) string {
	if why != "" && a.judgement != succeeded {
		why += "; "
	}
	return why + a.problem(fsm.MaxProblem-len(why))
}

// outputOf returns the end of what the script printed, which is where the
// reason of a failure stands. Every node keeps it for every event.
func outputOf(r script.Result) string {
	out := strings.TrimRight(r.Stdout, "\n")
	if errors := strings.TrimRight(r.Stderr, "\n"); errors != "" {
		out = strings.TrimLeft(out+"\n"+errors, "\n")
	}
	return tail(out, fsm.MaxOutput)
}

// tail returns the end of text, at most so many bytes of it, in valid UTF-8 and
// in memory of its own.
func tail(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) > most {
		text = text[len(text)-most:]
		for text != "" && !utf8.RuneStart(text[0]) {
			text = text[1:]
		}
	}
	return strings.Clone(text)
}

// shorten returns text in at most so many bytes of valid UTF-8 and in memory of
// its own. What is too much is left out of the middle: an error begins with
// what was tried, and ends with what to do.
func shorten(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	const gap = "…"
	if len(text) <= most || most <= len(gap) {
		return tail(text, max(most, 0))
	}
	end := (most - len(gap)) / 3
	rest := tail(text, most-len(gap)-end)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + gap + rest
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
