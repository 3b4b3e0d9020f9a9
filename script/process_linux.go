package script

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes puts the script into a session of its own, so into a group of its own,
// and has the kernel kill it should we die: a script must not act for a watchdog that
// is no more. A session of its own has no terminal: of ours a script of another user
// could read what is typed, and type itself.
//
// To the kernel, "we" is the thread that forked, not the process. That is safe
// here because Run stays locked to that thread until the script has been
// reaped, and the Go runtime never ends a thread that has a goroutine locked to
// it. Without the lock, any goroutine of any library that locks a thread and
// returns would take that thread, and with it the script, down.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// reap waits for the end of the script, calls ended, and clears it away.
//
// While ended runs, the script is a zombie, so its number still belongs to it:
// a signal to its group can't hit a stranger that got the same number.
func reap(cmd *exec.Cmd, ended func()) error {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			// Any other error means that there is nothing to wait for; Wait
			// below then says so.
			break
		}
	}
	ended()
	return cmd.Wait()
}

// hasEnded reports whether the script has ended by now, and leaves it to reap.
func hasEnded(leader *os.Process) bool {
	var info unix.Siginfo // stays zero if it hasn't
	err := unix.Waitid(unix.P_PID, leader.Pid, &info, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil)
	return err == nil && info.Signo != 0
}
