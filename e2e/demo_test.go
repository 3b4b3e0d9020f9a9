//go:build unix

package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

func startDemo(t *testing.T, args ...string) (p *process, temp string) {
	t.Helper()
	temp = t.TempDir()
	return runSH(t, []string{"TMPDIR=" + temp}, append([]string{"demo"}, args...)...), temp
}

// wantNothingLeft requires that no process and no file of the demo is left.
func wantNothingLeft(t *testing.T, temp string) {
	t.Helper()
	eventually(t, 10*time.Second, func(context.Context) error {
		if left := running(temp); len(left) > 0 {
			return fmt.Errorf("still running:\n%s", strings.Join(left, "\n"))
		}
		return nil
	})
}

func TestDemo(t *testing.T) {
	p, temp := startDemo(t, "--once")
	if code := p.exitCode(t, 3*time.Minute); code != 0 {
		t.Fatalf("the demo ended with %d", code)
	}
	said := p.output.String()
	for _, words := range []string{"DOWN committed", "leads", "UP committed", "All of it happened"} {
		if !strings.Contains(said, words) {
			t.Errorf("the demo did not say %q", words)
		}
	}
	for line := range strings.Lines(said) {
		if utf8.RuneCountInString(strings.TrimRight(line, "\n")) > 80 {
			t.Errorf("wider than 80 columns: %s", line)
		}
	}
	if strings.Contains(said, "\x1b") {
		t.Error("there are colours, but there is no terminal")
	}
	wantNothingLeft(t, temp)
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("the demo left %v, %v", left, err)
	}
}

func TestDemoInterrupted(t *testing.T) {
	for name, sig := range map[string]syscall.Signal{"Ctrl-C": syscall.SIGINT, "kill": syscall.SIGTERM, "kill -9": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			p, temp := startDemo(t)
			eventually(t, time.Minute, p.printed(t, "leads"))
			p.signal(t, sig)
			p.exitCode(t, 20*time.Second)
			wantNothingLeft(t, temp)
			if left, err := os.ReadDir(temp); sig != syscall.SIGKILL && (err != nil || len(left) > 0) {
				t.Errorf("the demo left %v, %v", left, err)
			}
		})
	}
}
