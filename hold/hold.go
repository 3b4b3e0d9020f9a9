package hold

import (
	"fmt"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// Kind is a word for what holds.
type Kind string

// The kinds of hold.
const (
	Cooldown    Kind = "cooldown"
	Pause       Kind = "pause"
	Maintenance Kind = "maintenance"
	Parent      Kind = "parent"
	Brake       Kind = "brake"
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{Cooldown, Pause, Maintenance, Parent, Brake} }

// Hold is one reason why a change is not committed now.
type Hold struct {
	Kind Kind
	// Of is what holds: what a pause covers, the name of a window, the key of a
	// parent; what the brake counts.
	Of string
	// Reason and By are the words of the people who wanted it.
	Reason, By string
	// For is how long it will hold, 0 if nobody can tell. Until is when it ends
	// by a wall clock, zero if no wall clock says so.
	For   time.Duration
	Until time.Time
}

// Holds says in words that h holds something back: "the cooldown holds it back
// for another 12s".
func (h Hold) Holds(what string) string {
	switch h.Kind {
	case Cooldown:
		return fmt.Sprintf("the cooldown holds %s back for another %v", what, Readable(h.For))
	case Pause:
		return fmt.Sprintf("a pause of %s holds %s back %s%s", h.Of, what, h.end("until somebody resumes"), h.words())
	case Maintenance:
		return fmt.Sprintf("the maintenance window %s holds %s back %s%s", h.Of, what, h.end("until it is over"), h.words())
	case Parent:
		return fmt.Sprintf("%s, on which it depends, is DOWN and holds %s back", h.Of, what)
	case Brake:
		return fmt.Sprintf("the brake holds %s back: %s", what, h.Of)
	}
	return fmt.Sprintf("%s holds %s back", h.Kind, what)
}

func (h Hold) end(open string) string {
	if h.Until.IsZero() {
		return open
	}
	return fmt.Sprintf("for another %v", Readable(h.For))
}

func (h Hold) words() string {
	switch {
	case h.Reason != "" && h.By != "":
		return fmt.Sprintf(" (%s: %s)", h.By, h.Reason)
	case h.Reason+h.By != "":
		return fmt.Sprintf(" (%s)", h.Reason+h.By)
	}
	return ""
}

// Readable drops the digits of a duration that nobody reads. What is above zero
// stays above it.
func Readable(d time.Duration) time.Duration {
	unit := time.Second
	if d < 10*time.Second {
		unit = time.Millisecond
	}
	return max(d.Round(unit), unit)
}

// Parents returns a hold for each endpoint that e depends on and that is DOWN.
// One that is not there holds nothing, nor does one that itself depends on e: the
// two would hold each other for ever.
func Parents(view *fsm.View, e *fsm.Endpoint) []Hold {
	return ParentsThat(view, e, func(parent *fsm.Endpoint) bool { return parent.State == health.Down })
}

// ParentsThat is Parents for those of which down says so.
func ParentsThat(view *fsm.View, e *fsm.Endpoint, down func(*fsm.Endpoint) bool) []Hold {
	var all []Hold
	for parent := range view.Holding(e, down) {
		all = append(all, Hold{Kind: Parent, Of: parent.Key})
	}
	return all
}

// Braked returns what holds back that one more endpoint goes DOWN, where more are
// on their way already: the brake, if they would be too many.
func Braked(view *fsm.View, falling int) []Hold {
	would, all := view.DownCount()+falling+1, view.EndpointCount()
	if limit := view.Settings().Brake; limit.Exceeded(would, all) {
		return []Hold{{Kind: Brake, Of: fmt.Sprintf("%d of %d endpoints would be DOWN, and %v may be", would, all, limit)}}
	}
	return nil
}
