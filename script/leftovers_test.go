package script_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tocsin/script"
)

func TestRun_ChildThatHoldsTheOutput(t *testing.T) {
	for _, test := range []struct{ name, body string }{
		{"in the background", "sleep 60 &\necho $!"},
		{"deaf", "(trap '' TERM HUP; exec sleep 60) &\necho $!"},
		{"twice forked", "(sleep 60 & echo $!)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := script.Run(t.Context(), script.Command{Path: write(t, test.body), Env: script.Environment(), Timeout: patience})
			if r.ExitCode != 0 || r.TimedOut {
				t.Errorf("Run = %+v, want it over when the script is", r)
			}
			child := number(t, r.Stdout)
			eventually(t, "the child is gone", func() bool { return gone(child) })
		})
	}
}

func TestRun_DaemonThatHoldsTheOutput(t *testing.T) {
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip("no setsid on this machine")
	}
	path := write(t, "setsid sleep 60 &\necho $!")
	r := script.Run(t.Context(), script.Command{Path: path, Env: script.Environment(), Timeout: patience})
	daemon := number(t, r.Stdout)
	// The shell forks before setsid runs: killed in between, it never got away.
	_ = syscall.Kill(daemon, syscall.SIGKILL)
	if r.ExitCode != 0 || r.TimedOut || r.Duration > patience {
		t.Errorf("Run = %+v, want it over although a daemon holds the output", r)
	}
	eventually(t, "the daemon is gone", func() bool { return gone(daemon) })
}

func TestRun_DaemonLivesOn(t *testing.T) {
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip("no setsid on this machine")
	}
	mark := filepath.Join(t.TempDir(), "mark")
	body := `setsid sh -c 'echo $$ >"$1.new"; mv "$1.new" "$1"; exec sleep 60' daemon ` + mark + ` &
	while [ ! -e ` + mark + ` ]; do sleep 0.01; done
	cat ` + mark
	r := script.Run(t.Context(), script.Command{Path: write(t, body), Env: script.Environment(), Timeout: patience})
	daemon := number(t, r.Stdout)
	alive := syscall.Kill(daemon, 0) == nil
	_ = syscall.Kill(daemon, syscall.SIGKILL)
	if r.ExitCode != 0 || r.TimedOut || r.Truncated || r.Duration > patience {
		t.Errorf("Run = %+v, want it over although a daemon holds the output", r)
	}
	if !alive {
		t.Error("what left the group on purpose was ended all the same")
	}
}

func TestRun_ForksWithoutEnd(t *testing.T) {
	path := write(t, `echo $$; trap '' TERM; while :; do sleep 60 & sleep 0.005; done`)
	r := script.Run(t.Context(), script.Command{
		Path: path, Env: script.Environment(), Timeout: 100 * time.Millisecond, Grace: 20 * time.Millisecond,
	})
	if !r.TimedOut {
		t.Errorf("Run = %+v, want it timed out", r)
	}
	if r.Stdout == "" {
		t.Skip("the machine was too busy for the script to begin")
	}
	group := number(t, r.Stdout)
	eventually(t, "the whole group is gone", func() bool { return gone(-group) })
}

// Many runs of every kind, and then everything must be as before.
func TestRun_LeavesNothingBehind(t *testing.T) {
	commands := []script.Command{
		{Path: write(t, "echo UP")},
		{Path: write(t, "exit 2"), Stdin: make([]byte, 200<<10)},
		{Path: write(t, "setsid sleep 0.2 & exit 0"), Stdin: make([]byte, 200<<10)},
		{Path: write(t, "kill -KILL $$")},
		{Path: write(t, "exec sleep 60"), Timeout: 10 * time.Millisecond},
		{Path: write(t, "trap '' TERM; sleep 60"), Timeout: 10 * time.Millisecond, Grace: time.Millisecond},
		{Path: write(t, "sleep 60 & sleep 60 & exit 0")},
		{Path: "/does/not/exist"},
		{Path: t.TempDir()},
	}
	run := func(rounds int) {
		var running sync.WaitGroup
		for _, c := range commands {
			c.Env = script.Environment()
			running.Go(func() {
				for range rounds {
					script.Run(t.Context(), c)
				}
			})
		}
		running.Wait()
	}
	run(1) // what the runtime opens once and keeps is open after this
	goroutines, descriptors := runtime.NumGoroutine(), openDescriptors()
	run(5)
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= goroutines })
	if now := openDescriptors(); now > descriptors {
		t.Errorf("%d descriptors are open, %d were before", now, descriptors)
	}
	var status syscall.WaitStatus
	if pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("child %d is left (%v), want none", pid, err)
	}
}

// A thread that ends takes the children it forked with it, were Run not locked
// to the thread that forked its script.
func TestRun_OutlivesThreadsThatEnd(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties a child to a thread")
	}
	path := write(t, "sleep 0.2; echo UP")
	ctx, cancel := context.WithCancel(t.Context())
	var enders, runs sync.WaitGroup
	for range 4 {
		enders.Go(func() {
			for ctx.Err() == nil {
				var one sync.WaitGroup
				// Returning without the unlock ends the thread.
				one.Go(func() { runtime.LockOSThread() })
				one.Wait()
			}
		})
	}
	for range 8 {
		runs.Go(func() {
			if r := script.Run(t.Context(), script.Command{Path: path, Env: script.Environment()}); r.Stdout != "UP\n" {
				t.Errorf("Run = %+v, want it left alone", r)
			}
		})
	}
	runs.Wait()
	cancel()
	enders.Wait()
}

// A watchdog that is killed can't clean up: the kernel has to do it.
func TestRun_ScriptDiesWithUs(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux can be asked for this")
	}
	const variable = "SCRIPT_TEST_RUN"
	if path := os.Getenv(variable); path != "" {
		script.Run(t.Context(), script.Command{Path: path, Env: script.Environment()})
		return
	}
	mark := filepath.Join(t.TempDir(), "mark")
	path := write(t, "echo $$ >"+mark+".new; mv "+mark+".new "+mark+"; exec sleep 60")
	us := exec.Command(os.Args[0], "-test.run=^TestRun_ScriptDiesWithUs$")
	us.Env = append(os.Environ(), variable+"="+path)
	if err := us.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = us.Wait() }()
	defer func() { _ = us.Process.Kill() }()

	eventually(t, "the script runs", func() bool { return exists(mark) })
	text, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	pid := number(t, string(text))
	if gone(pid) {
		t.Fatal("the script is gone before we are")
	}
	if err := us.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the script is gone as well", func() bool { return gone(pid) })
}

// gone reports whether the process is gone, or the group if pid is negative.
// What is dead and waits for a slow init to clear it away counts as gone.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		return false
	}
	return !slices.ContainsFunc(stats, func(path string) bool {
		stat, err := os.ReadFile(path)
		if err != nil {
			return false
		}
		// "PID (NAME) STATE PARENT GROUP …", where NAME may hold anything.
		id, _, _ := strings.Cut(string(stat), " ")
		fields := strings.Fields(string(stat[strings.LastIndex(string(stat), ")")+1:]))
		mine := id == strconv.Itoa(pid) || fields[2] == strconv.Itoa(-pid)
		return mine && fields[0] != "Z" && fields[0] != "X"
	})
}

func openDescriptors() int {
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if entries, err := os.ReadDir(dir); err == nil {
			return len(entries)
		}
	}
	return 0
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n <= 1 {
		t.Fatalf("the script printed %q, want the number of a process", text)
	}
	return n
}
