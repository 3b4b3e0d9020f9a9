package cli

// The exit codes. All commands have the first three; those that tell how
// something stands have the others in their place, as Nagios knows them.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2

	exitWarning  = 1
	exitCritical = 2
	exitUnknown  = 3
)

// judges is the annotation of commands that tell how something stands by their
// code. One that was called wrongly can't tell, and must not say CRITICAL.
const judges = "judges"

// exitCodeFlag makes a command one of these.
const exitCodeFlag = "exit-code"

// exitError ends a command with a code of its own. Where the code says it all
// there is no error in it.
type exitError struct {
	error
	code int
}

func (e exitError) Unwrap() error { return e.error }

// exitWith returns what makes a command end with code, and say nothing.
func exitWith(code int) error {
	if code == exitDone {
		return nil
	}
	return exitError{code: code}
}
