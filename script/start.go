package script

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// explain adds the remedy to the error of a start. The kernel's own words are
// famous for pointing elsewhere: "no such file" when it is the interpreter of
// the first line that is missing.
func explain(path string, err error) error {
	if hint := remedy(path, err); hint != "" {
		return fmt.Errorf("%w: %s", err, hint)
	}
	return err
}

func remedy(path string, err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, statErr := os.Stat(path); statErr == nil {
			return "the file is there, so the interpreter named in its first line is not, or that line ends in a carriage return"
		}
		return "put the script there"
	case errors.Is(err, fs.ErrPermission):
		return "make it executable for our user (chmod +x) and see that its file system isn't mounted noexec"
	case errors.Is(err, syscall.ENOEXEC):
		return "begin it with a line such as #!/bin/sh"
	case Shortage(err):
		return "the machine or our limits have no room for it now; run fewer at once, or raise the limits (tasks, open files, memory)"
	case errors.Is(err, syscall.ETXTBSY):
		return "it was being written at that moment; replace a script by renaming a finished file over it"
	}
	return ""
}

// Shortage reports whether err, a Result.StartErr, says that there was no room
// for one more process: no process number, memory or file descriptor. That says
// nothing about the script. Trying again at once makes it worse.
func Shortage(err error) bool {
	for _, lack := range []error{syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE} {
		if errors.Is(err, lack) {
			return true
		}
	}
	return false
}

// Look returns the path of the program called name, found along our PATH unless
// it is a path already.
func Look(name string) (string, error) { return exec.LookPath(name) }
