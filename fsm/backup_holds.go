package fsm

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Pauses and maintenance windows in a backup. They are put back with the rest:
// a cluster that was silenced for a reason is not to speak because it was restored.

// HoldChanges says which pauses, or which windows, are others now. Windows go by
// their names, and pauses by what they cover, in words.
type HoldChanges struct {
	Added   []string `json:"added,omitempty"`
	Changed []string `json:"changed,omitempty"`
	Deleted []string `json:"deleted,omitempty"`
}

// Count returns how many there are.
func (c HoldChanges) Count() int { return len(c.Added) + len(c.Changed) + len(c.Deleted) }

// unended returns what of h has not ended at that time, as values.
func (h *Holds) unended(at time.Time) (pauses []Pause, windows []Window) {
	for _, p := range h.Pauses {
		if !p.Ended(at) {
			pauses = append(pauses, *p)
		}
	}
	for _, w := range h.Windows {
		if !w.Ended(at) {
			one := *w
			one.Configured = 0 // that of a log that is no more
			windows = append(windows, one)
		}
	}
	return pauses, windows
}

// holds returns those of c, in order, as if they were said at index.
func (c RestoreConfiguration) holds(index uint64) *Holds {
	h := &Holds{Index: index}
	for _, p := range c.Pauses {
		p.Scope, p.Since, p.Until = p.Scope.tidy(), p.Since.UTC(), p.Until.UTC()
		h.Pauses = append(h.Pauses, &p)
	}
	for _, w := range c.Windows {
		w.Scope, w.From, w.Configured = w.Scope.tidy(), w.From.UTC(), index
		h.Windows = append(h.Windows, &w)
	}
	slices.SortFunc(h.Pauses, (*Pause).compare)
	slices.SortFunc(h.Windows, (*Window).compare)
	return h
}

// becoming returns what becomes of h when it is made to be as others are, h itself
// if it is so already, and notes in d what is changed. What stays stays the same.
func (h *Holds) becoming(others *Holds, d *Difference) *Holds {
	next := &Holds{Index: others.Index}
	next.Pauses, d.Pauses = becoming(h.Pauses, others.Pauses)
	next.Windows, d.Windows = becoming(h.Windows, others.Windows)
	if d.Pauses.Count()+d.Windows.Count() == 0 {
		return h
	}
	return next
}

// pauseOrWindow is one of them beside others of its kind.
type pauseOrWindow[H any] interface {
	compare(other H) int // by what there is one of
	same(other H) bool
	what() string
}

// becoming goes through both side by side: they are in order.
func becoming[H pauseOrWindow[H]](before, after []H) (next []H, changes HoldChanges) {
	for _, to := range after {
		for len(before) > 0 && before[0].compare(to) < 0 {
			changes.Deleted = append(changes.Deleted, before[0].what())
			before = before[1:]
		}
		switch {
		case len(before) == 0 || before[0].compare(to) > 0:
			changes.Added = append(changes.Added, to.what())
			next = append(next, to)
			continue
		case before[0].same(to):
			next = append(next, before[0])
		default:
			changes.Changed = append(changes.Changed, to.what())
			next = append(next, to)
		}
		before = before[1:]
	}
	for _, gone := range before {
		changes.Deleted = append(changes.Deleted, gone.what())
	}
	return next, changes
}

func (p *Pause) compare(other *Pause) int   { return p.Scope.compare(other.Scope) }
func (w *Window) compare(other *Window) int { return strings.Compare(w.Name, other.Name) }
func (p *Pause) what() string               { return p.Scope.String() }
func (w *Window) what() string              { return w.Name }

// validateHolds looks at pauses and windows that are to be all that there are.
func validateHolds(pauses []Pause, windows []Window) []error {
	var faults []error
	if len(pauses) > MaxPauses || len(windows) > MaxWindows {
		return []error{fmt.Errorf("%d pauses and %d maintenance windows: at most %d and %d are allowed", len(pauses), len(windows), MaxPauses, MaxWindows)}
	}
	none := emptyView()
	h := RestoreConfiguration{Pauses: pauses, Windows: windows}.holds(0)
	for i, p := range h.Pauses {
		switch err := validatePause(none, *p); {
		case err != nil:
			faults = append(faults, fmt.Errorf("the pause of %.80v: %w", p.Scope, err))
		case i > 0 && p.compare(h.Pauses[i-1]) == 0:
			faults = append(faults, fmt.Errorf("the pause of %.80v is there twice", p.Scope))
		}
	}
	for i, w := range h.Windows {
		switch err := validateWindow(none, *w); {
		case err != nil:
			faults = append(faults, fmt.Errorf("the maintenance window %.80q: %w", w.Name, err))
		case i > 0 && w.compare(h.Windows[i-1]) == 0:
			faults = append(faults, fmt.Errorf("the maintenance window %q is there twice", w.Name))
		}
	}
	if len(faults) > maxFaults {
		faults = append(faults[:maxFaults:maxFaults], errors.New("and perhaps more"))
	}
	return faults
}
