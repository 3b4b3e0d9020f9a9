package servicetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for a service; it measures nothing.
const patience = 60 * time.Second

// Command is how a service is started.
type Command struct {
	Path  string
	Args  []string
	Env   []string            // beside PATH
	Dir   string              // where it runs
	Owner *syscall.Credential // who runs it; nil for whoever runs the test
}

// Service is a process that runs, or did.
type Service struct {
	name   string
	cmd    *exec.Cmd
	output output
	ended  chan struct{} // closed when it has ended
}

// Start starts a service. It ends with the test at the latest; if that has
// failed by then, what the service printed is shown.
func Start(t testing.TB, c Command) *Service {
	t.Helper()
	s := start(t, c)
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("%s printed:\n%s", s.name, s.Output())
		}
	})
	return s
}

func start(t testing.TB, c Command) *Service {
	t.Helper()
	s := &Service{name: c.Path, cmd: exec.Command(c.Path, c.Args...), ended: make(chan struct{})}
	s.cmd.Dir = c.Dir
	s.cmd.Env = append([]string{"PATH=" + searched, "HOME=" + c.Dir, "LC_ALL=C"}, c.Env...)
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	s.cmd.SysProcAttr = attributes(c.Owner)
	s.cmd.WaitDelay = time.Second
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait() // how it ended is in cmd.ProcessState
		close(s.ended)
	}()
	return s
}

// Kill ends the service and all that it started, at once, and waits for it.
func (s *Service) Kill() {
	s.signal(syscall.SIGKILL)
	<-s.ended
}

// Freeze stops the service where it stands: it keeps its connections, and the
// system accepts more, but nobody answers. Thaw lets it go on.
func (s *Service) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw undoes Freeze.
func (s *Service) Thaw() { s.signal(syscall.SIGCONT) }

func (s *Service) signal(sig syscall.Signal) {
	// An error means that nobody is left to get it.
	_ = syscall.Kill(-s.cmd.Process.Pid, sig)
}

// Output is the end of what the service has printed.
func (s *Service) Output() string { return s.output.String() }

// Await waits until look finds no fault. It fails the test when the service ends.
func (s *Service) Await(t testing.TB, look func(context.Context) error) {
	t.Helper()
	Eventually(t, func(ctx context.Context) error {
		select {
		case <-s.ended:
			t.Fatalf("%s has ended: %v\n%s", s.name, s.cmd.ProcessState, s.Output())
		default:
		}
		return look(ctx)
	})
}

// Eventually waits until look finds no fault, and fails the test if that takes
// too long.
func Eventually(t testing.TB, look func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := look(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("after %v: %v", patience, err)
		case <-tick.C:
		}
	}
}

// Run runs a command to its end, and fails the test unless that is a good one.
func Run(t testing.TB, c Command) string {
	t.Helper()
	said, err := try(t, c)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// try runs a command to its end, and returns what it printed.
func try(t testing.TB, c Command) (string, error) {
	t.Helper()
	s := start(t, c)
	defer s.Kill()
	select {
	case <-s.ended:
	case <-time.After(patience):
		t.Fatalf("%s %q has not ended within %v", c.Path, c.Args, patience)
	}
	if !s.cmd.ProcessState.Success() {
		return "", fmt.Errorf("%s %q: %v\n%s", c.Path, c.Args, s.cmd.ProcessState, s.Output())
	}
	return strings.TrimSpace(s.Output()), nil
}

// output keeps the end of what a process prints, and may be read meanwhile.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

// keep is how many bytes of output are kept.
const keep = 8 << 10

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.text.Write(p)
	o.text.Next(max(0, o.text.Len()-keep))
	return n, err
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// errNotYet is for a service that answers, and not as it should yet.
var errNotYet = errors.New("not yet")

// Holds makes a condition of a question.
func Holds(question func() bool) func(context.Context) error {
	return func(context.Context) error {
		if question() {
			return nil
		}
		return errNotYet
	}
}
