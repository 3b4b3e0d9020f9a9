package script_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"tocsin/script"
)

// TestAs_NobodyStopsUs: processes of the user that scripts run as stop whatever they
// may, by guessing its number. That ends some scripts at their deadlines, and nothing
// of ours: every Run comes back, and new ones are started.
func TestAs_NobodyStopsUs(t *testing.T) {
	if os.Geteuid() == stranger {
		stopWhatever()
	}
	dir := asStranger(t, "exit 0")
	self := copyOfSelf(t)
	hostile := exec.CommandContext(t.Context(), self, "-test.run=^TestAs_NobodyStopsUs$") // one: it would stop us as we start another
	hostile.Dir, hostile.Env = "/", []string{}
	hostile.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
	if err := hostile.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hostile.Process.Kill(); _ = hostile.Wait() }()
	came := make(chan script.Result)
	go func() {
		defer close(came)
		for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
			command, err := dir.Command("it")
			if err != nil {
				t.Error(err)
				return
			}
			command.Env, command.Timeout, command.Grace = script.Environment(), 100*time.Millisecond, 10*time.Millisecond
			came <- script.Run(t.Context(), command)
		}
	}()
	for runs := 0; ; runs++ {
		select {
		case _, more := <-came:
			if !more {
				t.Logf("%d runs came back", runs)
				return
			}
		case <-time.After(patience):
			stacks := make([]byte, 1<<16)
			t.Fatalf("after %d runs one does not come back:\n%s", runs, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// stopWhatever stops all that it may and that was started a moment ago, and never
// comes back.
func stopWhatever() {
	for self := os.Getpid(); ; {
		load, err := os.ReadFile("/proc/loadavg")
		if err != nil {
			os.Exit(1)
		}
		last, err := strconv.Atoi(string(bytes.TrimSpace(load[bytes.LastIndexByte(load, ' '):])))
		if err != nil {
			os.Exit(1)
		}
		for range 50 {
			for pid := last; pid < last+12; pid++ {
				if pid != self {
					_ = syscall.Kill(pid, syscall.SIGSTOP)
				}
			}
		}
	}
}

// TestAs_ScriptDiesWithUs is TestRun_ScriptDiesWithUs across the change of the user,
// at which the kernel forgets what it was told before.
func TestAs_ScriptDiesWithUs(t *testing.T) {
	const variable = "SCRIPT_TEST_AS"
	if mark := os.Getenv(variable); mark != "" {
		command, err := asStranger(t, "echo $$ >"+mark+"; exec sleep 60").Command("it")
		if err != nil {
			t.Fatal(err)
		}
		command.Env = script.Environment()
		script.Run(t.Context(), command)
		return
	}
	asStranger(t, "") // skips where that takes more rights
	mark := put(t, "mark", "")
	if err := errors.Join(os.Truncate(mark, 0), os.Chmod(mark, 0o666)); err != nil {
		t.Fatal(err)
	}
	us := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	us.Env = append(os.Environ(), variable+"="+mark)
	if err := us.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = us.Wait() }()
	defer func() { _ = us.Process.Kill() }()
	var text []byte
	eventually(t, "the script runs", func() bool {
		text, _ = os.ReadFile(mark)
		return bytes.HasSuffix(text, []byte("\n"))
	})
	pid := number(t, string(text))
	if gone(pid) {
		t.Fatal("the script is gone before we are")
	}
	if err := us.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the script is gone as well", func() bool { return gone(pid) })
}
