package script_test

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tocsin/script"
)

// TestRun_HasNoTerminal: somebody starts an agent by hand, or tries a script, in a
// terminal, which is no business of the script. Where the test has no terminal it runs
// once more in one.
func TestRun_HasNoTerminal(t *testing.T) {
	own, err := os.Open("/dev/tty")
	if err != nil {
		again(t)
		return
	}
	_ = own.Close()
	path := write(t, `if (: </dev/tty) 2>/dev/null; then echo terminal; else echo none; fi`)
	if r := script.Run(t.Context(), script.Command{Path: path, Env: script.Environment(), Timeout: patience}); r.Stdout != "none\n" {
		t.Errorf("Run = %+v, want it without our terminal", r)
	}
}

// again runs the test that calls it in a process that has a terminal.
func again(t *testing.T) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	defer func() { _ = master.Close() }()
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slave.Close() }()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.Stdin, cmd.SysProcAttr = slave, &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, said)
	}
}
