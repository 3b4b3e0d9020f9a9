package script

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"tocsin/account"
)

// launcher is the program that becomes another user, and then the script.
const launcher = "setpriv"

// launcherName is what it is told that it is called: so its complaints are told from
// those of a script that calls setpriv itself.
const launcherName = "tocsin-script-user"

// errNoLauncher is why nothing can be started as another user.
var errNoLauncher = errors.New("that takes the program setpriv, of util-linux 2.33 or later, along the agent's PATH: install the package util-linux (setpriv on Alpine)")

// become has cmd start as u, without any capability, by way of the launcher.
//
// We start the launcher as who we are, and the user is changed in there. Were it
// changed on the way, between our fork and the exec, that child would be u's already
// while it still shares our memory and we stand still until it has come to the exec
// (CLONE_VFORK): who is u could stop it there, and us for good. Who stops the launcher
// stops one script, which its deadline ends.
func become(u *account.User, cmd *exec.Cmd) error {
	path, err := exec.LookPath(launcher)
	if err != nil {
		return errNoLauncher
	}
	cmd.Args = slices.Concat([]string{launcherName}, launching(u), []string{"--", cmd.Path}, cmd.Args[1:])
	cmd.Path = path
	// Who is not root hands nothing else down to a program. It gives them up.
	cmd.SysProcAttr.AmbientCaps = []uintptr{unix.CAP_SETUID, unix.CAP_SETGID}
	return nil
}

// launching tells the launcher whom to become. The kernel forgets whom a process is to
// die with as the user changes, so that is said again.
func launching(u *account.User) []string {
	groups := "--clear-groups"
	if len(u.Groups) > 0 {
		var ids []string
		for _, g := range u.Groups {
			ids = append(ids, strconv.FormatUint(uint64(g), 10))
		}
		groups = "--groups=" + strings.Join(ids, ",")
	}
	return []string{
		fmt.Sprintf("--reuid=%d", u.UID), fmt.Sprintf("--regid=%d", u.GID), groups,
		"--inh-caps=-all", "--ambient-caps=-all", "--pdeathsig=KILL",
	}
}

// unlaunched returns why the launcher did not come to run the script, nil if it did,
// as far as that can be told: by how it ends, and by what it then says. A script that
// says the same is taken for one that was not started.
func unlaunched(c Command, r Result) error {
	said, complains := strings.CutPrefix(strings.TrimSpace(r.Stderr), launcherName+": ")
	if c.User == nil || !complains || r.Stdout != "" || !slices.Contains([]int{1, 126, 127}, r.ExitCode) {
		return nil
	}
	errno := errnoOf(said[strings.LastIndex(said, ": ")+1:])
	switch {
	case errno == 0:
		return fmt.Errorf("become %s: %s", c.User, said)
	case strings.Contains(said, c.Path+": "):
		return &os.PathError{Op: "exec", Path: c.Path, Err: errno}
	}
	return fmt.Errorf("become %s: %s: %w", c.User, launcher, errno)
}

// errnoOf returns the error that has that text, 0 if none has it. It has another one
// in another language, where the environment of the script asks for that.
func errnoOf(text string) syscall.Errno {
	const end = 134 // Linux has these, and none above
	for errno := syscall.Errno(1); errno < end; errno++ {
		if strings.EqualFold(errno.Error(), strings.TrimSpace(text)) {
			return errno
		}
	}
	return 0
}
