//go:build !linux

package script

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"tocsin/account"
)

// powers names what it takes to run scripts as another user: only Linux divides it up.
func powers() []string { return []string{"the rights of root"} }

// Powers returns what this process has of it.
func Powers() []string {
	if os.Geteuid() == 0 {
		return powers()
	}
	return nil
}

// shed does nothing: there is nothing that is handed down.
func shed() error { return nil }

// errNoLauncher does not come to pass: nothing stands between us and the script.
var errNoLauncher = errors.New("there is no launcher")

// become has cmd start as u.
func become(u *account.User, cmd *exec.Cmd) error {
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: u.UID, Gid: u.GID, Groups: u.Groups}
	return nil
}

// unlaunched returns nil: there is no launcher that could fail.
func unlaunched(Command, Result) error { return nil }
