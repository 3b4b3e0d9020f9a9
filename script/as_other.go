//go:build !linux

package script

import "os"

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
func shed(bool) error { return nil }
