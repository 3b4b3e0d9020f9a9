//go:build unix

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is run.sh and what it becomes.
type process struct {
	words  string
	cmd    *exec.Cmd
	output *buffer
	done   chan struct{} // closed when it has ended
}

// buffer is what a process prints, readable while it prints.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// runSH starts run.sh with args in a folder that is not its own, with env over
// ours. The test ends what has not ended before.
func runSH(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	return launch(t, t, root, env, args...)
}

// launch does so with the run.sh in the folder checkout, on behalf of t, but
// with owner as the test that ends what has not ended before.
func launch(t, owner *testing.T, checkout string, env []string, args ...string) *process {
	t.Helper()
	p := &process{words: strings.Join(args, " "), output: &buffer{}, done: make(chan struct{})}
	p.cmd = exec.Command(filepath.Join(checkout, "run.sh"), args...)
	p.cmd.Dir = owner.TempDir()
	p.cmd.Env = environment(env)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	p.cmd.SysProcAttr = diesWithUs()
	p.cmd.WaitDelay = time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in cmd.ProcessState
		close(p.done)
	}()
	owner.Cleanup(func() {
		p.kill()
		if owner.Failed() {
			owner.Logf("run.sh %s printed:\n%s", p.words, tail(p.output.String(), 60))
		}
	})
	return p
}

// environment is ours without what would change run.sh and the agents, and with
// env.
func environment(env []string) []string {
	ours := []string{
		"TOCSIN_BUILD=" + buildDir,
		"GOFLAGS=" + strings.TrimSpace(os.Getenv("GOFLAGS")+raceFlag),
		"GORACE=" + raceOptions,
	}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "TOCSIN_") && !strings.HasPrefix(e, "GOFLAGS=") && !strings.HasPrefix(e, "GORACE=") {
			ours = append(ours, e)
		}
	}
	return append(ours, env...) // of two of the same name the later one counts
}

// signal sends sig to the process and not to its children.
func (p *process) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("send %v to run.sh %s: %v", sig, p.words, err)
	}
}

// kill ends the process and all of its group at once.
func (p *process) kill() {
	select {
	case <-p.done:
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
	}
}

// exitCode waits for the end of the process and returns its exit code.
func (p *process) exitCode(t *testing.T, limit time.Duration) int {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(limit):
		t.Fatalf("run.sh %s has not ended within %v", p.words, limit)
	}
	return p.cmd.ProcessState.ExitCode()
}

// stop asks the processes to end, all at once, and requires that they do so
// without complaint.
func stop(t *testing.T, processes ...*process) {
	t.Helper()
	for _, p := range processes {
		p.signal(t, syscall.SIGTERM)
	}
	for _, p := range processes {
		p.awaitGoodEnd(t)
	}
}

func (p *process) awaitGoodEnd(t *testing.T) {
	t.Helper()
	if code := p.exitCode(t, 20*time.Second); code != 0 {
		t.Errorf("run.sh %s ended with %d after SIGTERM", p.words, code)
	}
}

// eventually waits until look finds no fault any more.
func eventually(t *testing.T, limit time.Duration, look func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := look(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("after %v: %v", limit, err)
		case <-tick.C:
		}
	}
}

// printed returns a condition of eventually: p has printed text.
func (p *process) printed(t *testing.T, text string) func(context.Context) error {
	return func(context.Context) error {
		if strings.Contains(p.output.String(), text) {
			return nil
		}
		select {
		case <-p.done:
			t.Fatalf("run.sh %s has ended, and never printed %q", p.words, text)
		default:
		}
		return fmt.Errorf("run.sh %s has not printed %q", p.words, text)
	}
}

// tail returns the last n lines of text.
func tail(text string, n int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
