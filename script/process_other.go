//go:build !linux

package script

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// attributes puts the script into a session of its own, without our terminal, and so
// into a process group of its own. Only Linux can also be asked to kill it should we
// die.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true}
}

// reap waits for the end of the script, clears it away, and calls ended.
//
// In this order, the number of the group could in theory be another's by the
// time ended signals it. Linux does better; this is for a developer's machine.
func reap(cmd *exec.Cmd, ended func()) error {
	err := cmd.Wait()
	ended()
	return err
}

// hasEnded reports whether the script has been reaped by now.
func hasEnded(leader *os.Process) bool {
	return errors.Is(leader.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
