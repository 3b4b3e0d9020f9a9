//go:build linux

package hosttest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Where the kernel keeps control groups: of version 1 by controller, of version
// 2 all in one place.
const (
	groupsV1 = "/sys/fs/cgroup/cpu"
	groupsV2 = "/sys/fs/cgroup"
)

// group is a control group of processes that share a twentieth of a processor.
type group struct{ parent, dir string }

// newGroup makes one that nobody is in.
func newGroup(name string) (group, error) {
	parent, quota, limit := groupsV1, "cpu.cfs_quota_us", "5000"
	if !exists(groupsV1) {
		parent, quota, limit = groupsV2, "cpu.max", "5000 100000"
	}
	g := group{parent, filepath.Join(parent, fmt.Sprintf("tocsin-test-%d-%s", os.Getpid(), name))}
	if err := os.Mkdir(g.dir, 0o700); err != nil {
		return g, err
	}
	if err := os.WriteFile(filepath.Join(g.dir, quota), []byte(limit), 0o600); err != nil {
		return g, errors.Join(err, os.Remove(g.dir))
	}
	return g, nil
}

// take moves a process into the group. Its children begin there too.
func (g group) take(pid int) error {
	return os.WriteFile(filepath.Join(g.dir, "cgroup.procs"), fmt.Appendln(nil, pid), 0o600)
}

// release moves all processes out and removes the group.
func (g group) release() error {
	var err error
	for range 50 { // some may be starting others meanwhile
		var pids []byte
		if pids, err = os.ReadFile(filepath.Join(g.dir, "cgroup.procs")); err != nil {
			return err
		}
		for pid := range strings.FieldsSeq(string(pids)) {
			// One that has ended meanwhile needs no moving.
			_ = os.WriteFile(filepath.Join(g.parent, "cgroup.procs"), []byte(pid), 0o600)
		}
		if err = os.Remove(g.dir); err == nil {
			return nil
		}
		<-time.After(20 * time.Millisecond)
	}
	return err
}

// groupsPossible returns why control groups can't be had, nil if they can.
func groupsPossible() error {
	g, err := newGroup("probe")
	if err != nil {
		return fmt.Errorf("processors can't be shared out: %w", err)
	}
	return g.release()
}
