package notify

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"tocsin/fsm"
	"tocsin/script"
)

func TestJudge(t *testing.T) {
	tests := []struct {
		in      script.Result
		want    judgement
		problem string
	}{
		{script.Result{}, succeeded, ""},
		{script.Result{ExitCode: 1}, failed, "exit code 1, attempt 2 of 3"},
		{script.Result{ExitCode: 2}, refused, "exit code 2: gave up"},
		{script.Result{ExitCode: 255}, refused, "exit code 255: gave up"},
		{script.Result{ExitCode: -1, Signal: "killed"}, failed, "ended by signal killed, attempt 2 of 3"},
		{script.Result{ExitCode: -1, StartErr: errors.New("no such file")}, failed, "no such file, attempt 2 of 3"},
		{script.Result{ExitCode: -1, StartErr: fmt.Errorf("fork: %w", syscall.EAGAIN)}, unstarted, "fork: resource temporarily unavailable, attempt 2 of 3"},
		{script.Result{ExitCode: 0, TimedOut: true}, failed, "timed out after 1m0s, attempt 2 of 3"},
		{script.Result{ExitCode: 3, TimedOut: true}, failed, "timed out after 1m0s, attempt 2 of 3"},
		{script.Result{ExitCode: 0, Interrupted: true}, cutShort, ""},
	}
	for _, test := range tests {
		if got := judge(test.in); got != test.want {
			t.Errorf("%+v is judged %d, not %d", test.in, got, test.want)
		}
		a := attemptOf(test.in, time.Minute)
		a.numbered(2, 3)
		if got := a.problem(fsm.MaxProblem); a.judgement != cutShort && got != test.problem {
			t.Errorf("%+v is described as %q, not as %q", test.in, got, test.problem)
		}
	}
}

func TestAttempt_Result(t *testing.T) {
	for _, test := range []struct {
		in   script.Result
		want Result
	}{
		{script.Result{}, RunSucceeded},
		{script.Result{ExitCode: 1}, RunFailed},
		{script.Result{Signal: "killed", ExitCode: -1}, RunFailed},
		{script.Result{TimedOut: true, ExitCode: -1}, RunTimedOut},
		{script.Result{ExitCode: 2}, RunRefused},
		{script.Result{StartErr: errors.New("no such file"), ExitCode: -1}, RunFailed},
		{script.Result{StartErr: syscall.EAGAIN, ExitCode: -1}, RunUnstarted},
		{script.Result{Interrupted: true, TimedOut: true}, RunCutShort},
	} {
		a := attemptOf(test.in, time.Minute)
		if got := a.result(); got != test.want {
			t.Errorf("%+v is %s, want %s", test.in, got, test.want)
		}
	}
}

func TestOutputOf(t *testing.T) {
	for _, test := range []struct{ out, err, want string }{
		{"", "", ""},
		{"a\n", "", "a"},
		{"", "b\n\n", "b"},
		{"a\n", "b\n", "a\nb"},
		{"a\xffb", "", "a\uFFFDb"},
		{strings.Repeat("x", 2000), "the reason", strings.Repeat("x", 1013) + "\nthe reason"},
	} {
		if got := outputOf(script.Result{Stdout: test.out, Stderr: test.err}); got != test.want {
			t.Errorf("of %q and %q it keeps %q, not %q", test.out, test.err, got, test.want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		out := string(rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(rt, "out"))
		err := rapid.StringN(0, 2000, -1).Draw(rt, "err")
		got := outputOf(script.Result{Stdout: out, Stderr: err})
		if len(got) > fsm.MaxOutput || !utf8.ValidString(got) {
			rt.Errorf("it keeps %d bytes: %q", len(got), got)
		}
	})
}

// What an outcome says of the problem is short, and says all of: why it ended,
// what was tried, what to do, and which attempt it was.
func TestAttempt_ProblemKeepsWhatCounts(t *testing.T) {
	a := attemptOf(script.Result{
		ExitCode: -1,
		StartErr: errors.New("script /" + strings.Repeat("é", 500) + "/notify.sh is not executable: chmod +x it"),
	}, time.Minute)
	a.numbered(2, 3)
	for _, why := range []string{"", "superseded by event 7"} {
		got := a.problemAfter(why)
		if len(got) > fsm.MaxProblem || !utf8.ValidString(got) {
			t.Errorf("%d bytes: %q", len(got), got)
		}
		for _, want := range []string{why, "script /", "…", "is not executable: chmod +x it", ", attempt 2 of 3"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q does not say %q", got, want)
			}
		}
		if kept := (fsm.Outcome{Problem: got}).Trimmed().Problem; kept != got {
			t.Errorf("the cluster keeps only %q", kept)
		}
	}
}

func TestShorten(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := string(rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(rt, "text"))
		most := rapid.IntRange(-5, 120).Draw(rt, "most")
		got := shorten(text, most)
		if len(got) > max(most, 0) || !utf8.ValidString(got) {
			rt.Errorf("in %d bytes: %q", most, got)
		}
		if whole := strings.ToValidUTF8(text, "\uFFFD"); len(whole) <= most && got != whole {
			rt.Errorf("%q became %q though there is room for it", whole, got)
		}
	})
}
