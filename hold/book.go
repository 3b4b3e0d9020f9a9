package hold

import (
	"iter"
	"sync/atomic"
	"time"

	"tocsin/calendar"
	"tocsin/fsm"
)

// Book answers which pauses and windows are open at a moment. It remembers how
// those of one state read, and when that answer changes. The zero Book is ready.
type Book struct{ last atomic.Pointer[page] }

// page is what the Book says from at on, up to next and no longer.
type page struct {
	holds   *fsm.Holds
	windows []window
	at      time.Time
	open    []stretch
	next    time.Time // zero: never
}

// window is a maintenance window that was read.
type window struct {
	*fsm.Window
	repeated calendar.Repeated
}

// stretch is something that is open now.
type stretch struct {
	scope fsm.Scope
	hold  Hold // without For
}

// Now is what pauses and windows hold at a moment. The zero Now holds nothing.
type Now struct {
	at   time.Time
	open []stretch
}

// At returns what is open at a moment of a wall clock.
func (b *Book) At(holds *fsm.Holds, moment time.Time) Now {
	moment = moment.Round(0) // ends are not measured by the monotonic clock
	if len(holds.Pauses)+len(holds.Windows) == 0 {
		return Now{at: moment}
	}
	p := b.last.Load()
	if p == nil || p.holds != holds {
		p = &page{holds: holds, windows: read(holds.Windows)}
	} else if p.covers(moment) {
		return Now{moment, p.open}
	}
	p = p.turn(moment)
	b.last.Store(p)
	return Now{moment, p.open}
}

func read(windows []*fsm.Window) []window {
	var all []window
	for _, w := range windows {
		// What was not refused can be read, by this build and its zones: if it
		// can't any more, it is no window. See Unreadable.
		if one, err := readOne(w); err == nil {
			all = append(all, one)
		}
	}
	return all
}

func readOne(w *fsm.Window) (window, error) {
	if w.Once() {
		return window{Window: w}, nil
	}
	repeated, err := calendar.Parse(w.Cron, w.Zone, time.Duration(w.Duration))
	return window{w, repeated}, err
}

// Fault says why a window holds nothing, since this build and its time zones
// can't read when it is open; nil if they can.
func Fault(w *fsm.Window) error {
	_, err := readOne(w)
	return err
}

// Unreadable yields the windows of which that is so, and why.
func Unreadable(holds *fsm.Holds) iter.Seq2[*fsm.Window, error] {
	return func(yield func(*fsm.Window, error) bool) {
		for _, w := range holds.Windows {
			if err := Fault(w); err != nil && !yield(w, err) {
				return
			}
		}
	}
}

func (p *page) covers(moment time.Time) bool {
	return !moment.Before(p.at) && (p.next.IsZero() || moment.Before(p.next))
}

// turn returns the page for a moment.
func (p *page) turn(moment time.Time) *page {
	turned := &page{holds: p.holds, windows: p.windows, at: moment}
	for _, one := range p.holds.Pauses {
		if !one.Ended(moment) {
			turned.opens(one.Scope, Hold{Kind: Pause, Of: one.Scope.String(), Reason: one.Reason, By: one.By, Until: one.Until})
		}
	}
	for _, one := range p.windows {
		if span, ok := one.at(moment); ok {
			turned.opens(one.Scope, Hold{Kind: Maintenance, Of: one.Name, Reason: one.Reason, By: one.By, Until: span.To})
		}
		if span, ok := one.after(moment); ok {
			turned.changes(span.From)
		}
	}
	return turned
}

func (p *page) opens(scope fsm.Scope, h Hold) {
	p.open = append(p.open, stretch{scope, h})
	p.changes(h.Until)
}

func (p *page) changes(at time.Time) {
	if !at.IsZero() && (p.next.IsZero() || at.Before(p.next)) {
		p.next = at
	}
}

// at returns the stretch of w that a moment lies in, after the first one behind
// it.
func (w window) at(moment time.Time) (calendar.Span, bool) {
	if !w.Once() {
		return w.repeated.At(moment)
	}
	span := w.once()
	return span, !moment.Before(span.From) && moment.Before(span.To)
}

func (w window) after(moment time.Time) (calendar.Span, bool) {
	if !w.Once() {
		return w.repeated.Next(moment)
	}
	return w.once(), w.From.After(moment)
}

func (w window) once() calendar.Span {
	return calendar.Span{From: w.From, To: w.From.Add(time.Duration(w.Duration))}
}

// Times returns the stretch of a window that a moment lies in, and the first one
// behind it; the zero Span where there is none.
func Times(of *fsm.Window, moment time.Time) (open, next calendar.Span) {
	for _, w := range read([]*fsm.Window{of}) {
		if span, ok := w.at(moment); ok {
			open = span
		}
		if span, ok := w.after(moment); ok {
			next = span
		}
	}
	return open, next
}

// On returns what holds e: pauses, windows and parents.
func (n Now) On(view *fsm.View, e *fsm.Endpoint) []Hold {
	var all []Hold
	for _, one := range n.open {
		if one.scope.Covers(e.Key, e.Labels) {
			all = append(all, n.since(one))
		}
	}
	return append(all, Parents(view, e)...)
}

// Open returns everything that is open, whomever it covers.
func (n Now) Open() []Hold {
	var all []Hold
	for _, one := range n.open {
		all = append(all, n.since(one))
	}
	return all
}

func (n Now) since(one stretch) Hold {
	h := one.hold
	if !h.Until.IsZero() {
		h.For = max(h.Until.Sub(n.at), 1)
	}
	return h
}
