package script_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"tocsin/script"
)

func TestRun_KeepsABoundedPartOfTheOutput(t *testing.T) {
	const megabytes = 10
	body := `echo UP first
flood() { head -c ` + strconv.Itoa(megabytes<<20) + ` /dev/zero | tr '\000' x; }
flood; flood >&2; echo last >&2; exit 4`
	r := script.Run(t.Context(), script.Command{
		Path: write(t, body), Env: script.Environment(), Timeout: patience, MaxOutput: 1000,
	})
	if r.ExitCode != 4 || !r.Truncated {
		t.Errorf("exit code %d, truncated %v, want 4 and true: the flood must not stop the script", r.ExitCode, r.Truncated)
	}
	if len(r.Stdout) != 1000 || !strings.HasPrefix(r.Stdout, "UP first\nxxx") {
		t.Errorf("Stdout has %d bytes and begins %.20q, want its first 1000", len(r.Stdout), r.Stdout)
	}
	if len(r.Stderr) != 1000 || !strings.HasSuffix(r.Stderr, "xxxlast\n") {
		t.Errorf("Stderr has %d bytes and ends %q, want its last 1000", len(r.Stderr), r.Stderr[max(0, len(r.Stderr)-20):])
	}
}

func TestRun_DefaultMaxOutput(t *testing.T) {
	body := "head -c 100000 /dev/zero; head -c 100000 /dev/zero >&2"
	r := script.Run(t.Context(), script.Command{Path: write(t, body), Env: script.Environment(), Timeout: patience})
	if len(r.Stdout) != script.DefaultMaxOutput || len(r.Stderr) != script.DefaultMaxOutput || !r.Truncated {
		t.Errorf("%d and %d bytes, want %d of each", len(r.Stdout), len(r.Stderr), script.DefaultMaxOutput)
	}
}

func TestRun_OutputIsText(t *testing.T) {
	for _, test := range []struct {
		name, format string
		limit        int
		want         string
		truncated    bool
	}{
		{"no newline at the end", `UP fine`, 0, "UP fine", false},
		{"binary", `UP \377\376 \000 \303`, 0, "UP \uFFFD \x00 \uFFFD", false},
		{"just fits", `UP`, 2, "UP", false},
		{"one too many", `UP!`, 2, "UP", true},
		{"never half a character", `a\303\251`, 2, "a", true},
		{"grown beyond the limit", `\377a\377a`, 4, "\uFFFDa", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, "printf '"+test.format+"'")
			r := script.Run(t.Context(), script.Command{Path: path, MaxOutput: test.limit})
			if r.Stdout != test.want || r.Truncated != test.truncated {
				t.Errorf("Stdout = %q (truncated %v), want %q (%v)", r.Stdout, r.Truncated, test.want, test.truncated)
			}
			if !utf8.ValidString(r.Stdout) {
				t.Errorf("Stdout = %q is not valid UTF-8", r.Stdout)
			}
		})
	}
}
