package script_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/script"
)

// converse runs body, says the lines, and returns what it heard.
func converse(t *testing.T, c script.Command, say ...string) (heard []string, r script.Result) {
	t.Helper()
	lines := make(chan []byte)
	over := make(chan struct{})
	var talking sync.WaitGroup
	talking.Go(func() {
		defer close(lines)
		for _, line := range say {
			select {
			case lines <- []byte(line):
			case <-over:
				return
			}
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c.Env = script.Environment()
	r = script.Converse(ctx, c, lines, func(line []byte) { heard = append(heard, string(line)) })
	close(over)
	talking.Wait()
	return heard, r
}

func TestConverse_LinesGoBothWays(t *testing.T) {
	heard, r := converse(t, script.Command{Path: write(t, `while read -r line; do echo "got $line"; done; printf bye; exit 3`)}, "one\n", "two\n")
	if fmt.Sprint(heard) != "[got one got two bye]" || r.ExitCode != 3 || r.Interrupted || r.TimedOut {
		t.Errorf("heard %q, %+v", heard, r)
	}
	if r.Stdout != "got one\ngot two\nbye" {
		t.Errorf("Stdout = %q, want what was printed as well", r.Stdout)
	}
}

func TestConverse_WithOneThatDoesNotListen(t *testing.T) {
	large := strings.Repeat("x", 1<<20) + "\n"
	for _, test := range []struct{ name, body, want string }{
		{"ends", "echo hello", "[hello]"},
		{"closes its input", "exec <&-; echo hello; sleep 0.1", "[hello]"},
		{"leaves a daemon that holds the input", "setsid sleep 0.3 & echo hello", "[hello]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			heard, r := converse(t, script.Command{Path: write(t, test.body)}, large, large)
			if fmt.Sprint(heard) != test.want || r.ExitCode != 0 {
				t.Errorf("heard %q, %+v", heard, r)
			}
		})
	}
}

func TestConverse_LongLinesAreCut(t *testing.T) {
	body := `head -c 100000 /dev/zero | tr '\0' x; echo; echo short`
	heard, r := converse(t, script.Command{Path: write(t, body), MaxOutput: 10})
	if fmt.Sprint(heard) != "[xxxxxxxxxx short]" || r.ExitCode != 0 {
		t.Errorf("heard %q, %+v", heard, r)
	}
}

func TestConverse_EndsWithItsContext(t *testing.T) {
	for _, body := range []string{"exec sleep 60", "trap '' TERM; echo on; while :; do sleep 60; done", "cat & exec cat /dev/zero"} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		r := script.Converse(ctx, script.Command{Path: write(t, body), Env: script.Environment(), Grace: 10 * time.Millisecond}, nil, func([]byte) {})
		cancel()
		if !r.TimedOut || r.Duration > patience {
			t.Errorf("%s: %+v", body, r)
		}
	}
}

func TestConverse_LeavesNothingBehind(t *testing.T) {
	commands := []script.Command{
		{Path: write(t, "cat")},
		{Path: write(t, "kill -KILL $$")},
		{Path: write(t, "sleep 60 & sleep 60 & exit 0")},
		{Path: "/does/not/exist"},
		{Path: t.TempDir()},
	}
	run := func(rounds int) {
		var running sync.WaitGroup
		for _, c := range commands {
			running.Go(func() {
				for range rounds {
					converse(t, c, strings.Repeat("x", 1000)+"\n")
				}
			})
		}
		running.Wait()
	}
	run(1)
	goroutines, descriptors := runtime.NumGoroutine(), openDescriptors()
	run(5)
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= goroutines })
	if now := openDescriptors(); now > descriptors {
		t.Errorf("%d descriptors are open, %d were before", now, descriptors)
	}
}
