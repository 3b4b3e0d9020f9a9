package verify

import "tocsin/fsm"

// Observer hears of every check. It is called from the goroutine of Run, which
// waits for it, so it has to be quick.
type Observer interface {
	// Checked hears of a check that has come back with a sample that counts.
	Checked(kind fsm.Check, s Sample)
	// Dropped hears of one that has come back when its endpoint was another
	// already, or gone.
	Dropped(kind fsm.Check)
	// Stuck hears of one that has not come back long after its deadline: once,
	// and again by one of the others if it ever does.
	Stuck(kind fsm.Check)
}

// unobserved is the Observer where there is none.
type unobserved struct{}

func (unobserved) Checked(fsm.Check, Sample) {}
func (unobserved) Dropped(fsm.Check)         {}
func (unobserved) Stuck(fsm.Check)           {}
