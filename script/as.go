package script

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"tocsin/account"
)

// CantSwitch is why this process can't run scripts as another user, with what to do
// about it.
type CantSwitch struct {
	User *account.User
	// Same says that the process is of that user already.
	Same bool
	why  string
}

func (c CantSwitch) Error() string {
	if c.Same {
		return fmt.Sprintf("this process runs as %s itself, so scripts could read its keys: name another user", c.User)
	}
	return fmt.Sprintf("this process (uid %d) can't run scripts as %s: %s", os.Geteuid(), c.User, c.why)
}

// As returns the directory whose scripts run as u, with that user's groups and no
// capabilities, after seeing that this process can start, and later end, what runs as
// u: a CantSwitch if it can't. Who has power over us is refused, which are root, and
// the user that we run as.
func (d *Dir) As(u *account.User) (*Dir, error) {
	switch {
	case u.UID == 0 || u.GID == 0 || slices.Contains(u.Groups, 0):
		return nil, errors.New("root, and the group of that name with its members, may do what scripts are to be kept from: name another user")
	case int(u.UID) == os.Geteuid() || int(u.UID) == os.Getuid():
		return nil, CantSwitch{User: u, Same: true}
	}
	if lacks := lacking(Powers()); len(lacks) > 0 {
		return nil, CantSwitch{User: u, why: "it lacks " + strings.Join(lacks, ", ") + "; start it as root, or with these capabilities (AmbientCapabilities= of its unit: script-user.conf is a drop-in)"}
	}
	if why := refused(u); why != "" {
		return nil, CantSwitch{User: u, why: why}
	}
	return &Dir{path: d.path, as: u}, nil
}

// probeTimeout is how long it may take to see whether we can become a user.
const probeTimeout = 10 * time.Second

// refused says why we can't start a process as u, "" if we can. It has one started
// whose program is a directory: whoever comes so far as to be told that a directory
// can't be run has become u, and nothing has run.
func refused(u *account.User) string {
	err := Run(context.Background(), Command{Path: "/", User: u, Timeout: probeTimeout}).StartErr
	switch {
	case errors.Is(err, errNoLauncher):
		return err.Error()
	case errors.Is(err, syscall.EACCES):
		return ""
	case errors.Is(err, syscall.EINVAL):
		return "its user namespace does not know that user (PrivateUsers=no in its unit)"
	case errors.Is(err, syscall.EPERM):
		return "a filter forbids it the system calls (SystemCallFilter=@setuid capset in its unit)"
	case err == nil:
		return fmt.Sprintf("it did not come to it within %v", probeTimeout)
	}
	return fmt.Sprintf("%v (%v)", err, errNoLauncher)
}

// lacking returns which of the powers are not among those that are held.
func lacking(held []string) []string {
	return slices.DeleteFunc(slices.Clone(powers()), func(name string) bool { return slices.Contains(held, name) })
}

// handOver prepares a start as u, or as who we are if that is nil, on the thread that
// is locked to us. The pipes become u's to open again, as /dev/stdin and /dev/stderr
// are opened. Nobody else comes to them: they have no name but in the descriptors of
// those who hold them.
func handOver(u *account.User, cmd *exec.Cmd) error {
	if u == nil {
		if err := shed(); err != nil {
			return fmt.Errorf("give up capabilities: %w", err)
		}
		return nil
	}
	for _, end := range []any{cmd.Stdin, cmd.Stdout, cmd.Stderr} {
		if pipe, ok := end.(*os.File); ok {
			if err := pipe.Chmod(0o666); err != nil {
				return err
			}
		}
	}
	return become(u, cmd)
}

// environmentOf returns env as it fits a script of u. TMPDIR is ours, and may be
// closed to u; without it scripts take /tmp.
func environmentOf(u *account.User, env []string) []string {
	theirs := slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains([]string{"HOME", "USER", "LOGNAME", "TMPDIR"}, name)
	})
	return append(theirs, "HOME="+u.Home, "USER="+u.Name, "LOGNAME="+u.Name)
}
