package boltcheck

import (
	"fmt"
	"runtime/debug"
)

// Guarded calls do, and makes an error of the panic or the memory fault that
// bbolt meets in a file that is damaged, or when the disk fails beneath it. The
// error begins with what.
func Guarded(what string, do func() error) (panicked bool, err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if p := recover(); p != nil {
			panicked, err = true, fmt.Errorf("%s: %v", what, p)
		}
	}()
	return false, do()
}
