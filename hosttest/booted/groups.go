//go:build linux

package booted

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// groups are the control groups of one machine, in each of the hierarchies in which
// its systemd keeps services apart. Two machines in one would take each other's
// services for their own.
type groups []string

// newGroups makes groups that nobody is in.
func newGroups(name string) (all groups, err error) {
	for _, hierarchy := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"} {
		if _, err := os.Stat(filepath.Join(hierarchy, "cgroup.procs")); err != nil {
			continue // there is none
		}
		group := filepath.Join(hierarchy, fmt.Sprintf("tocsin-test-%d-%s", os.Getpid(), name))
		if err := os.Mkdir(group, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		all = append(all, group)
	}
	return all, nil
}

// command returns a command that enters the groups, and only then is the one that is
// asked for.
func (g groups) command(name string, args ...string) *exec.Cmd {
	const enter = `for group; do shift; [ "$group" != -- ] || break; echo $$ >"$group/cgroup.procs" || exit; done; exec "$@"`
	return exec.Command("sh", slices.Concat([]string{"-c", enter, "sh"}, g, []string{"--", name}, args)...)
}

// remove removes the groups once all that was in them has ended, which the kernel may
// see a moment later: it is tried again for a second. One that is left then costs nothing.
func (g groups) remove() {
	again, enough := time.NewTicker(20*time.Millisecond), time.After(time.Second)
	defer again.Stop()
	for !g.removed() {
		select {
		case <-again.C:
		case <-enough:
			return
		}
	}
}

// removed removes what is empty, and reports whether that was all.
func (g groups) removed() bool {
	left := false
	for _, group := range g {
		var all []string
		_ = filepath.WalkDir(group, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				all = append(all, path)
			}
			return nil
		})
		for _, each := range slices.Backward(all) { // what lies within first
			if err := os.Remove(each); err != nil && !errors.Is(err, fs.ErrNotExist) {
				left = true
			}
		}
	}
	return !left
}
