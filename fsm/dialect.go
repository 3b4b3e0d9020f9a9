package fsm

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// Dialect is what one build reads and says. The zero Dialect is that of this
// build. Another one plays a build to come in tests, which find out how this
// one gets on with it.
type Dialect struct {
	// Newest is the highest protocol that the build reads; 0 means Newest.
	Newest Protocol
	// Since returns the first protocol in which a command can be said; nil
	// means the table of this build.
	Since func(Command) Protocol
}

// ErrTooNew says that something was written by a newer build, in a protocol
// that this one does not read. Nothing is damaged.
var ErrTooNew = errors.New("it was written by a newer build")

// Reads returns the highest protocol that can be read.
func (d Dialect) Reads() Protocol { return cmp.Or(d.Newest, Newest) }

// Takes returns the lowest protocol in which all of the commands can be said.
func (d Dialect) Takes(commands ...Command) Protocol {
	table := d.Since
	if table == nil {
		table = since
	}
	takes := Protocol(1)
	for _, c := range commands {
		takes = max(takes, table(c))
	}
	return takes
}

// Readable says why what takes this protocol can't be read, nil if it can.
func (d Dialect) Readable(takes Protocol) error {
	if takes <= d.Reads() {
		return nil
	}
	return fmt.Errorf("%w: it takes protocol %d, and this one reads up to %d", ErrTooNew, takes, d.Reads())
}

// Validate is the function Validate, and says too who in the cluster could not
// read the command.
func (d Dialect) Validate(v *View, command Command) *Refusal {
	if refused := validated(v, command); refused != nil {
		return refused
	}
	return v.withhold(strings.TrimPrefix(fmt.Sprintf("%T", command), "fsm."), d.Takes(command))
}
