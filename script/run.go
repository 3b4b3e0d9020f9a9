package script

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Run runs the script and waits for its end. When the deadline passes or ctx
// ends, the script's process group gets TERM, and KILL after the grace.
func Run(ctx context.Context, c Command) Result {
	if len(c.Stdin) == 0 {
		return run(ctx, c, nil, nil)
	}
	in, err := openInlet(once(c.Stdin))
	if err != nil {
		return Result{ExitCode: -1, StartErr: explain(c.Path, err)}
	}
	return run(ctx, c, in, nil)
}

// run is Run of a script that reads what is said by in, or nothing if that is nil,
// and whose standard output is also written to heard, if that is given.
func run(ctx context.Context, c Command, in *inlet, heard io.Writer) Result {
	started := time.Now()
	if ctx.Err() != nil {
		in.abandon()
		return Result{ExitCode: -1, StartErr: context.Cause(ctx), Interrupted: true}
	}
	limit := cmp.Or(max(c.MaxOutput, 0), DefaultMaxOutput)
	stdout, stderr := head{limit: limit}, tail{limit: limit}

	// The kernel kills the child when the thread that forked it ends (see
	// attributes). A goroutine that is locked to its thread keeps it alive, so
	// the thread outlives the child whatever the rest of the program does. It
	// costs nothing: waiting for a child occupies a thread anyway.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	printed := io.Writer(&stdout)
	if heard != nil {
		printed = io.MultiWriter(&stdout, heard)
	}
	cmd, outlets, err := start(c, in, printed, &stderr)
	if err != nil {
		return Result{ExitCode: -1, StartErr: explain(c.Path, err), Duration: time.Since(started)}
	}
	stopped := supervise(ctx, c, cmd)
	in.finish()
	for _, o := range outlets {
		o.finish()
	}

	result := Result{
		TimedOut:    errors.Is(stopped, context.DeadlineExceeded),
		Interrupted: errors.Is(stopped, context.Canceled),
		Duration:    time.Since(started),
	}
	result.ExitCode, result.Signal = ending(cmd.ProcessState)
	result.fill(&stdout, &stderr)
	if err := unlaunched(c, result); err != nil {
		return Result{ExitCode: -1, StartErr: explain(c.Path, err), Duration: result.Duration}
	}
	return result
}

// start starts the script, with its outputs being read and in being written.
// Nothing is left open when it fails.
func start(c Command, in *inlet, stdout, stderr io.Writer) (*exec.Cmd, [2]*outlet, error) {
	var outlets [2]*outlet
	out, err := openOutlet(stdout)
	if err != nil {
		in.abandon()
		return nil, outlets, err
	}
	errs, err := openOutlet(stderr)
	if err != nil {
		in.abandon()
		out.abandon()
		return nil, outlets, err
	}
	outlets = [2]*outlet{out, errs}

	cmd := prepare(c, out.writer, errs.writer)
	if in != nil {
		cmd.Stdin = in.reader
	}
	if err = handOver(c.User, cmd); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		in.abandon()
	} else {
		in.write()
	}
	for _, o := range outlets {
		if err != nil {
			o.abandon()
		} else {
			o.read()
		}
	}
	return cmd, outlets, err
}

func prepare(c Command, stdout, stderr *os.File) *exec.Cmd {
	// Not exec.Command, which would look a bare name up in PATH, nor its
	// context, whose end kills one process instead of the group.
	cmd := &exec.Cmd{
		Path:        c.Path,
		Args:        append([]string{c.Path}, c.Args...),
		Env:         append([]string{}, c.Env...), // nil would mean ours
		Stdout:      stdout,
		Stderr:      stderr,
		SysProcAttr: attributes(),
	}
	if c.User != nil {
		cmd.Env, cmd.Dir = environmentOf(c.User, c.Env), "/"
	}
	return cmd
}

// supervise waits until the script has ended, sees to it that it does, and ends
// what it leaves in its group. It returns why the script was told to stop:
// context.DeadlineExceeded, context.Canceled, or nil if it wasn't.
func supervise(ctx context.Context, c Command, cmd *exec.Cmd) error {
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	var stopper sync.WaitGroup
	var stopped error
	ended := make(chan struct{}) // closed when the script has ended
	stopper.Go(func() { stopped = stop(ctx, cmd.Process, cmp.Or(c.Grace, DefaultGrace), ended) })

	// Wait's error is left alone: exit codes and signals are in ProcessState,
	// and an input that nobody reads is no fault.
	_ = reap(cmd, func() {
		close(ended)
		stopper.Wait()
		signalGroup(cmd.Process, syscall.SIGKILL)
	})
	return stopped
}

// stop tells the script's group to end once ctx does, and makes it after the
// grace. It returns ctx's error if it had to, nil if the script was quicker.
func stop(ctx context.Context, leader *os.Process, grace time.Duration, ended <-chan struct{}) error {
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	// Both may have come to pass while nobody looked, on a busy machine or one
	// that was asleep. A script that had done its work was not stopped.
	if hasEnded(leader) {
		return nil
	}
	signalGroup(leader, syscall.SIGTERM)

	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		signalGroup(leader, syscall.SIGKILL)
		// The leader may have moved to another group; it is still our child.
		_ = leader.Kill()
	}
	return ctx.Err()
}

// signalGroup sends sig to every process of leader's group. An error means that
// nobody is left to get it, or that somebody has changed user and is beyond our
// reach; there is nothing more to do in either case.
func signalGroup(leader *os.Process, sig syscall.Signal) { _ = syscall.Kill(-leader.Pid, sig) }

// ending returns the exit code, or -1 and the name of the signal.
func ending(state *os.ProcessState) (code int, signal string) {
	if state == nil {
		return -1, "unknown: the system lost track of the process"
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return -1, status.Signal().String()
	}
	return state.ExitCode(), ""
}

func (r *Result) fill(stdout *head, stderr *tail) {
	var cutOut, cutErr bool
	r.Stdout, cutOut = stdout.text()
	r.Stderr, cutErr = stderr.text()
	r.Truncated = cutOut || cutErr
}
