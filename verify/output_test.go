package verify

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"tocsin/health"
	"tocsin/script"
)

func TestJudgeScript(t *testing.T) {
	tests := []struct {
		name      string
		result    script.Result
		timeoutIs health.Status
		want      health.Status
		reason    string // in full, or its part between dots
	}{
		{"up", script.Result{Stdout: "UP\n"}, 0, health.Up, ""},
		{"up without newline", script.Result{Stdout: "UP"}, 0, health.Up, ""},
		{"up with reason", script.Result{Stdout: "UP all 3 nodes healthy\n"}, 0, health.Up, "all 3 nodes healthy"},
		{"down with reason", script.Result{Stdout: "DOWN node 2\tfailed over\r\nmore\n"}, 0, health.Down, "node 2\tfailed over"},
		{"blank lines first", script.Result{Stdout: "\n  \n DOWN late\n"}, 0, health.Down, "late"},
		{"the word counts, not the exit code", script.Result{Stdout: "UP\n", ExitCode: 1}, 0, health.Up, ""},
		{"down and exit 3", script.Result{Stdout: "DOWN\n", ExitCode: 3}, 0, health.Down, ""},
		{"only a whole word", script.Result{Stdout: "UPSIDE\n"}, 0, health.Unknown, `..."UPSIDE" and not UP or DOWN...`},
		{"only as it is written", script.Result{Stdout: "up\n"}, 0, health.Unknown, `..."up"...`},
		{"no punctuation", script.Result{Stdout: "UP: fine\n"}, 0, health.Unknown, `..."UP:"...`},
		{"unknown says why", script.Result{Stdout: "UNKNOWN no credentials\n"}, 0, health.Unknown, "no credentials"},
		{"unknown without why", script.Result{Stdout: "UNKNOWN", Stderr: "hm"}, 0, health.Unknown, "v.sh said UNKNOWN: hm"},
		{"nothing", script.Result{ExitCode: 0}, 0, health.Unknown, "v.sh printed nothing and exited with 0"},
		{"only blanks", script.Result{Stdout: " \n\t\n", ExitCode: 7}, 0, health.Unknown, "v.sh printed nothing and exited with 7"},
		{"only complaints", script.Result{Stderr: "line 1\ncurl: (6) no such host\n", ExitCode: 6}, 0, health.Unknown, "v.sh printed nothing and exited with 6: line 1 curl: (6) no such host"},
		{"signal", script.Result{Stdout: "UP\n", Signal: "killed", ExitCode: -1}, 0, health.Unknown, "v.sh was ended by the signal killed"},
		{"timeout", script.Result{Stdout: "UP\n", TimedOut: true, Signal: "terminated", ExitCode: -1}, 0, health.Unknown, "v.sh did not end within 5s"},
		{"timeout is down", script.Result{Stdout: "UP\n", TimedOut: true, Stderr: "connecting"}, health.Down, health.Down, "v.sh did not end within 5s: connecting"},
		{"timeout with an exit in time for neither", script.Result{Stdout: "UP\n", TimedOut: true}, health.Down, health.Down, "v.sh did not end within 5s"},
		{"interrupted", script.Result{Stdout: "DOWN\n", Interrupted: true}, 0, health.Unknown, "the check was stopped"},
		{"no start", script.Result{StartErr: errors.New("exec format error"), ExitCode: -1}, health.Down, health.Unknown, "v.sh could not be started: exec format error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := judgeScript(Request{Script: "v.sh", Timeout: 5 * time.Second, TimeoutIs: tt.timeoutIs}, tt.result)
			checkSample(t, got, tt.want, tt.reason)
			if got.TimedOut != tt.result.TimedOut {
				t.Errorf("it timed out: %v", got.TimedOut)
			}
		})
	}
}

func TestJudgePlugin(t *testing.T) {
	tests := []struct {
		name   string
		result script.Result
		want   health.Status
		reason string
	}{
		{"ok", script.Result{Stdout: "TCP OK - 0.001 second response time on port 80|time=0.001s\n"}, health.Up, "TCP OK - 0.001 second response time on port 80"},
		{"warning is up", script.Result{Stdout: "LOAD WARNING\n", ExitCode: 1}, health.Up, "LOAD WARNING"},
		{"critical", script.Result{Stdout: "connect to address 10.0.0.1 and port 80: Connection refused\nmore", ExitCode: 2}, health.Down, "connect to address 10.0.0.1 and port 80: Connection refused"},
		{"unknown", script.Result{Stdout: "check_tcp: Port must be a positive integer", ExitCode: 3}, health.Unknown, "check_tcp: Port must be a positive integer"},
		{"anything above", script.Result{ExitCode: 127, Stderr: "libssl.so.3: cannot open"}, health.Unknown, "v.sh exited with 127: libssl.so.3: cannot open"},
		{"down without a word", script.Result{ExitCode: 2}, health.Down, "v.sh exited with 2"},
		{"signal", script.Result{Stdout: "OK", Signal: "segmentation fault", ExitCode: -1}, health.Unknown, "...segmentation fault"},
		{"timeout", script.Result{TimedOut: true, ExitCode: -1}, health.Unknown, "v.sh did not end within 5s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkSample(t, judgePlugin(Request{Script: "v.sh", Timeout: 5 * time.Second}, tt.result), tt.want, tt.reason)
		})
	}
}

// checkSample compares; dots at the ends of reason stand for anything.
func checkSample(t *testing.T, got Sample, want health.Status, reason string) {
	t.Helper()
	if got.Status != want {
		t.Errorf("%v (%s), want %v", got.Status, got.Reason, want)
	}
	if part := strings.Trim(reason, "."); part != reason {
		if !strings.Contains(got.Reason, part) {
			t.Errorf("reason %q does not contain %q", got.Reason, part)
		}
	} else if got.Reason != reason {
		t.Errorf("reason %q, want %q", got.Reason, reason)
	}
}

func TestSplitArguments(t *testing.T) {
	tests := []struct {
		value string
		want  []string
		fails string
	}{
		{value: ""},
		{value: "   "},
		{value: "-H 10.0.0.1 -p 80", want: []string{"-H", "10.0.0.1", "-p", "80"}},
		{value: "  -H\t10.0.0.1   -p 80  ", want: []string{"-H", "10.0.0.1", "-p", "80"}},
		{value: `-s "two words" -e 'O''K'`, want: []string{"-s", "two words", "-e", "OK"}},
		{value: `'' ""`, want: []string{"", ""}},
		{value: `pre"mid dle"post`, want: []string{"premid dlepost"}},
		{value: `"say \"hi\" to C:\\ and \n"`, want: []string{`say "hi" to C:\ and \n`}},
		{value: `'no \escape "here"'`, want: []string{`no \escape "here"`}},
		{value: `one\ word \"quoted\"`, want: []string{"one word", `"quoted"`}},
		{value: `$HOME *; rm -rf /|x&`, want: []string{"$HOME", "*;", "rm", "-rf", "/|x&"}},
		{value: `ü "ö ä"`, want: []string{"ü", "ö ä"}},
		{value: `-e 'open`, fails: "not closed"},
		{value: `-e "open\"`, fails: "not closed"},
		{value: `end\`, fails: "backslash"},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			got, err := SplitArguments(tt.value)
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Fatalf("%q, %v; want an error about %q", got, err, tt.fails)
				}
				return
			}
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestSplitArguments_TakesApartWhatQuotesPutTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		args := rapid.SliceOf(rapid.String()).Draw(t, "args")
		quotes := make([]string, len(args))
		for i, arg := range args {
			switch rapid.IntRange(0, 1).Draw(t, "way") {
			case 0:
				quotes[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
			case 1:
				quotes[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(arg) + `"`
			}
		}
		got, err := SplitArguments(strings.Join(quotes, " "))
		if err != nil || !slices.Equal(got, args) {
			t.Errorf("%q, %v; want %q", got, err, args)
		}
	})
}

func FuzzSplitArguments(f *testing.F) {
	for _, value := range []string{"", "-H 10.0.0.1 -p 80", `a 'b c' "d \" e" f\ g`, `'`, `"\`, `\`, "''", "ü\xff ' '"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		args, err := SplitArguments(value)
		if err != nil {
			if len(args) > 0 {
				t.Errorf("an error and arguments: %q", args)
			}
			return
		}
		total := 0
		for _, arg := range args {
			total += len(arg)
		}
		if total > len(value) || len(args) > len(value) {
			t.Errorf("%d arguments of %d bytes out of %d bytes", len(args), total, len(value))
		}
		if !strings.ContainsAny(value, `'"\`) && !slices.Equal(args, strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' })) {
			t.Errorf("%q without any quote became %q", value, args)
		}
	})
}

func FuzzParseOutput(f *testing.F) {
	for _, stdout := range []string{"", "UP", "DOWN why\nmore", "\n\n UP\tx", "UP\r\n", "\xff\xfe", "UP\x00y", "UP\u2028DOWN", strings.Repeat("x ", 400)} {
		f.Add(stdout, "complaint", 1)
	}
	f.Fuzz(func(t *testing.T, stdout, stderr string, code int) {
		word, rest := parseOutput(stdout)
		if strings.ContainsAny(word, " \t\n\r") || strings.Contains(rest, "\n") {
			t.Errorf("word %q, rest %q", word, rest)
		}
		s := judgeScript(Request{Script: "v.sh"}, script.Result{Stdout: stdout, Stderr: stderr, ExitCode: code})
		first := ""
		if words := strings.FieldsFunc(stdout, func(r rune) bool { return strings.ContainsRune(" \t\n\v\f\r\u0085\u00a0", r) }); len(words) > 0 {
			first = words[0]
		}
		if said := s.Status != health.Unknown; said && s.Status.String() != first {
			t.Errorf("%q is %v", stdout, s.Status)
		}
		checkReason(t, beginning(s.Reason))
		checkReason(t, beginning(judgePlugin(Request{}, script.Result{Stdout: stdout, Stderr: stderr, ExitCode: code}).Reason))
		checkReason(t, ending(stdout, maxReason))
	})
}

func checkReason(t *testing.T, reason string) {
	t.Helper()
	if len(reason) > maxReason || !utf8.ValidString(reason) || strings.ContainsAny(reason, "\n\r\t\x00\u2028") {
		t.Errorf("reason of %d bytes: %q", len(reason), reason)
	}
}

func TestReason_IsCutWhereItHurtsLeast(t *testing.T) {
	long := "begin " + strings.Repeat("äöü ", 200) + "end"
	head, tail := beginning(long), ending(long, maxReason)
	if !strings.HasPrefix(head, "begin ä") || !strings.HasSuffix(head, "…") || len(head) < maxReason-8 {
		t.Errorf("beginning: %d bytes, %q", len(head), head)
	}
	if !strings.HasPrefix(tail, "…") || !strings.HasSuffix(tail, "ü end") || len(tail) < maxReason-8 {
		t.Errorf("ending: %d bytes, %q", len(tail), tail)
	}
	checkReason(t, head)
	checkReason(t, tail)
}
