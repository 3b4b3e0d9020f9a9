//go:build !linux

package script

import "os"

// lacking returns what this process would have to be: only Linux divides it up.
func lacking() []string {
	if os.Geteuid() != 0 {
		return []string{"the rights of root"}
	}
	return nil
}

// shed does nothing: there is nothing that is handed down.
func shed() error { return nil }
