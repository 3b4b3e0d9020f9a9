package script

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"tocsin/account"
)

// Dir is a directory of scripts. The cluster agrees on names of scripts; each
// node's Dir says which file a name stands for. It holds nothing open and
// remembers nothing, so scripts may be added, replaced and removed at any time.
type Dir struct {
	path string        // absolute
	as   *account.User // whom its scripts run as; nil is who we are
}

// OpenDir returns the directory of scripts at path, after seeing that it is one.
func OpenDir(path string) (*Dir, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("scripts directory %q: %w", path, err)
	}
	info, err := os.Stat(absolute)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("scripts directory %s does not exist: make it, or name another with --scripts", absolute)
	case err != nil:
		return nil, fmt.Errorf("scripts directory: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("scripts directory %s is a file: name the directory it lies in with --scripts", absolute)
	}
	return &Dir{path: absolute}, nil
}

// Path returns the absolute path of the directory.
func (d *Dir) Path() string { return d.path }

// User returns whom the scripts run as, nil if that is who we are. A nil Dir has no
// user.
func (d *Dir) User() *account.User {
	if d == nil {
		return nil
	}
	return d.as
}

// Command returns a run of the script called name as the directory has it, with
// nothing else said. The error is that of Resolve.
func (d *Dir) Command(name string) (Command, error) {
	path, err := d.Resolve(name)
	return Command{Path: path, User: d.as}, err
}

// Resolve returns the absolute path of the script called name, which must be a
// regular file directly in the directory, and executable by whom its scripts run as.
// The error names the file and what to do about it.
//
// A symbolic link is followed wherever it leads: whoever can write into this
// directory decides what runs, and a link to an installed Nagios plugin is a
// good way to say so. What must not decide is the name, which comes from the
// network; hence no path and nothing that could become one.
func (d *Dir) Resolve(name string) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	path := filepath.Join(d.path, name)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("script %s does not exist: put it there", path)
	case err != nil:
		return "", fmt.Errorf("script %q: %w", name, err)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("script %s is not a regular file: put a script there", path)
	case info.Mode().Perm()&0o111 == 0:
		return "", fmt.Errorf("script %s is not executable: chmod +x %s", path, path)
	}
	if d.as != nil {
		if err := d.as.MayRun(path); err != nil {
			return "", fmt.Errorf("script %s: %w", path, err)
		}
	}
	return path, nil
}

func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("the script has no name: give that of a file in the scripts directory")
	case name == ".", name == "..", strings.ContainsAny(name, `/\`):
		return fmt.Errorf("script name %q is a path: give the name of a file in the scripts directory", name)
	case strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("script name %q has a control character: rename the file", name)
	}
	return nil
}
