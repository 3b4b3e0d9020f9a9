package script

import (
	"context"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// A script that has ended is not told to stop, and was not stopped, however
// late we learn of it.
func TestStop_ComesTooLate(t *testing.T) {
	runtime.LockOSThread() // see attributes
	defer runtime.UnlockOSThread()
	late, cancel := context.WithCancel(t.Context())
	cancel()
	cmd := &exec.Cmd{Path: "/bin/sh", Args: []string{"sh", "-c", "exit 3"}, SysProcAttr: attributes()}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = reap(cmd, func() { // its exit code is in ProcessState
		if err := stop(late, cmd.Process, time.Second, nil); err != nil {
			t.Errorf("stop = %v, want nil", err)
		}
	})
	if code := cmd.ProcessState.ExitCode(); code != 3 {
		t.Errorf("exit code %d, want its own", code)
	}
}

func TestHasEnded(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := &exec.Cmd{Path: "/bin/sh", Args: []string{"sh", "-c", "kill -STOP $$; exit"}, SysProcAttr: attributes()}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if hasEnded(cmd.Process) {
		t.Error("it has ended, though somebody must first let it go on")
	}
	signalGroup(cmd.Process, syscall.SIGKILL)
	_ = reap(cmd, func() {
		if !hasEnded(cmd.Process) {
			t.Error("it has been killed, and has not ended")
		}
	})
}
