package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// diesWithUs starts a process in a group of its own that the kernel ends when
// the test is gone, even if that was a panic.
func diesWithUs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// running returns the command lines of the processes that run a binary below
// dir or have dir among their arguments.
func running(dir string) []string {
	var found []string
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is well-formed
	for _, name := range lines {
		line, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended meanwhile
		}
		if words := strings.ReplaceAll(string(line), "\x00", " "); strings.Contains(words, dir) {
			found = append(found, filepath.Base(filepath.Dir(name))+": "+words)
		}
	}
	return found
}
