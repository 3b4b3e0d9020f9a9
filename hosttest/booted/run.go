//go:build linux

package booted

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Run runs a command on the machine, as root, and returns what it prints.
func (m *Machine) Run(command ...string) (string, error) {
	first, err := m.first()
	if err != nil {
		return "", err
	}
	args := []string{
		"--target", strconv.Itoa(first), "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd", "--",
		"env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
	}
	said, err := exec.Command("nsenter", append(args, command...)...).CombinedOutput()
	if err != nil {
		return string(said), fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, said)
	}
	return string(said), nil
}

// Up returns an error for as long as the machine has not booted.
func (m *Machine) Up() error {
	state, err := m.Run("systemctl", "is-system-running")
	switch state = strings.TrimSpace(state); state {
	case "running", "degraded":
		return nil
	}
	return errors.Join(fmt.Errorf("systemd is %s", state), err)
}

// first returns the process that is the machine's first: below the one that we
// have started, the first in a namespace of processes of its own, the second from
// ours.
func (m *Machine) first() (int, error) {
	want := len(namespaces(os.Getpid())) + 2
	below := []int{m.init.Process.Pid}
	for len(below) > 0 {
		pid := below[0]
		below = append(below[1:], children(pid)...)
		if in := namespaces(pid); len(in) == want && in[want-1] == "1" {
			return pid, nil
		}
	}
	return 0, fmt.Errorf("%s has no first process", m.Name)
}

// namespaces returns the ids that a process has, in our namespace of processes and
// those within.
func namespaces(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(text), "\nNSpid:")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Fields(line)
}

// children returns the processes that one has started.
func children(pid int) (all []int) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil
	}
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // it has ended
		}
		for word := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(word); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}
