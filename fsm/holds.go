package fsm

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// What people have said about when changes are not to be committed. It is kept
// here and not judged: whether a pause or a window is on at a moment is a matter
// of a wall clock, and applying an entry knows none.

// The limits of how many there may be.
const (
	MaxPauses  = 256
	MaxWindows = 256
)

// Holds are the pauses and the maintenance windows. Nobody changes one that a
// View has handed out: the same pointer is the same holds.
type Holds struct {
	// Index is the last change of any of them. A Transition names it, so that
	// none that was decided without a pause is applied behind it.
	Index   uint64
	Pauses  []*Pause  // in order of their scopes
	Windows []*Window // in order of their names
}

// Pause says that no change of the endpoints in its scope is committed, from
// when it is applied until it is taken back, or its end. There is one of a scope.
type Pause struct {
	// Scope is whom it covers; the empty one covers all.
	Scope  Scope  `json:"scope,omitzero"`
	Reason string `json:"reason"`
	By     string `json:"by,omitempty"`
	// Since is when it was said, and Until when it ends, zero for when somebody
	// takes it back: wall-clock times, given by people and for people.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// Window is a pause that is planned, once or again and again.
type Window struct {
	Name   string `json:"name"`
	Scope  Scope  `json:"scope,omitzero"`
	Reason string `json:"reason,omitempty"`
	By     string `json:"by,omitempty"`
	// From is when one begins that comes once. Cron and Zone say when one does
	// that comes again: see package calendar.
	From time.Time `json:"from,omitzero"`
	Cron string    `json:"cron,omitempty"`
	Zone string    `json:"zone,omitempty"`
	// Duration is how long it lasts each time.
	Duration Duration `json:"duration"`
	// Configured is the index of its last change: its version.
	Configured uint64 `json:"configured"`
}

// Ended reports whether p has an end that has come.
func (p *Pause) Ended(now time.Time) bool { return !p.Until.IsZero() && !p.Until.After(now) }

// Once reports whether w comes once.
func (w *Window) Once() bool { return w.Cron == "" }

// Ended reports whether w came once and is over.
func (w *Window) Ended(now time.Time) bool {
	return w.Once() && !w.From.Add(time.Duration(w.Duration)).After(now)
}

// Same reports whether both cover the same by the same words.
func (s Scope) Same(other Scope) bool {
	return s.Prefix == other.Prefix && maps.Equal(s.Labels, other.Labels)
}

// tidy has no labels rather than empty ones: what a snapshot brings back.
func (s Scope) tidy() Scope {
	if len(s.Labels) == 0 {
		s.Labels = nil
	}
	return s
}

// compare orders scopes by what they say.
func (s Scope) compare(other Scope) int {
	return cmp.Or(strings.Compare(s.Prefix, other.Prefix), slices.Compare(s.words(), other.words()))
}

func (s Scope) words() []string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(s.Labels)) {
		words = append(words, name, s.Labels[name])
	}
	return words
}

// Pause returns the pause of that scope.
func (h *Holds) Pause(of Scope) (*Pause, bool) {
	i, ok := h.pauseAt(of)
	if !ok {
		return nil, false
	}
	return h.Pauses[i], true
}

func (h *Holds) pauseAt(of Scope) (int, bool) {
	return slices.BinarySearchFunc(h.Pauses, of, func(p *Pause, of Scope) int { return p.Scope.compare(of) })
}

// Window returns the window of that name.
func (h *Holds) Window(name string) (*Window, bool) {
	i, ok := h.windowAt(name)
	if !ok {
		return nil, false
	}
	return h.Windows[i], true
}

func (h *Holds) windowAt(name string) (int, bool) {
	return slices.BinarySearchFunc(h.Windows, name, func(w *Window, name string) int { return strings.Compare(w.Name, name) })
}

// PauseEndpoints makes a pause, or gives the one of the same scope another
// reason and end.
type PauseEndpoints struct {
	Pause Pause `json:"pause"`
}

// ResumeEndpoints takes the pause of exactly that scope back.
type ResumeEndpoints struct {
	Scope Scope `json:"scope,omitzero"`
}

// SetWindow makes a maintenance window be as it is given, if the one of that
// name is as If asks.
type SetWindow struct {
	Window Window     `json:"window"`
	If     *Condition `json:"if,omitempty"`
}

// DeleteWindow removes a maintenance window.
type DeleteWindow struct {
	Name string     `json:"name"`
	If   *Condition `json:"if,omitempty"`
}

// ForgetEnded removes the pauses and windows whose end had come at Before.
// Whoever proposes it has looked at a clock: they hold nothing back any more.
type ForgetEnded struct {
	Before time.Time `json:"before"`
}

func (PauseEndpoints) command()  {}
func (ResumeEndpoints) command() {}
func (SetWindow) command()       {}
func (DeleteWindow) command()    {}
func (ForgetEnded) command()     {}

func (b *builder) pause(c PauseEndpoints) (bool, *Refusal) {
	p := c.Pause
	p.Scope = p.Scope.tidy()
	p.Since, p.Until = p.Since.UTC(), p.Until.UTC()
	h := b.next.holds
	i, again := h.pauseAt(p.Scope)
	if !again {
		b.replaceHolds(slices.Insert(slices.Clone(h.Pauses), i, &p), h.Windows)
		return true, nil
	}
	old := h.Pauses[i]
	if old.same(&p) {
		return false, nil
	}
	if !old.Ended(p.Since) {
		p.Since = old.Since // it goes on
	}
	pauses := slices.Clone(h.Pauses)
	pauses[i] = &p
	b.replaceHolds(pauses, h.Windows)
	return true, nil
}

// same reports whether two pauses of one scope say the same: since when is none of it.
func (p *Pause) same(other *Pause) bool {
	return p.Reason == other.Reason && p.By == other.By && p.Until.Equal(other.Until)
}

func (b *builder) resume(c ResumeEndpoints) (bool, *Refusal) {
	h := b.next.holds
	i, ok := h.pauseAt(c.Scope)
	if !ok {
		return false, refuse(NotFound, "there is no pause of %v: a pause is taken back by the very prefix and labels that it was made with; \"tocsin maintenance list\" shows them", c.Scope)
	}
	b.replaceHolds(slices.Delete(slices.Clone(h.Pauses), i, i+1), h.Windows)
	return true, nil
}

func (b *builder) setWindow(c SetWindow) (bool, *Refusal) {
	w := c.Window
	w.Scope = w.Scope.tidy()
	w.From = w.From.UTC()
	h := b.next.holds
	i, again := h.windowAt(w.Name)
	var version uint64
	if again {
		version = h.Windows[i].Configured
	}
	if unmet := c.If.unmet(fmt.Sprintf("maintenance window %q", w.Name), again, version); unmet != nil {
		return false, unmet
	}
	windows := slices.Clone(h.Windows)
	if w.Configured = version; again && w.same(windows[i]) {
		return false, nil
	}
	w.Configured = b.index
	if again {
		windows[i] = &w
	} else {
		windows = slices.Insert(windows, i, &w)
	}
	b.replaceHolds(h.Pauses, windows)
	return true, nil
}

// same reports whether two windows of one name say the same.
func (w *Window) same(other *Window) bool {
	return w.Scope.Same(other.Scope) && w.Reason == other.Reason && w.By == other.By && w.From.Equal(other.From) &&
		w.Cron == other.Cron && w.Zone == other.Zone && w.Duration == other.Duration
}

func (b *builder) deleteWindow(c DeleteWindow) (bool, *Refusal) {
	h := b.next.holds
	i, ok := h.windowAt(c.Name)
	var version uint64
	if ok {
		version = h.Windows[i].Configured
	}
	if unmet := c.If.unmet(fmt.Sprintf("maintenance window %q", c.Name), ok, version); unmet != nil {
		return false, unmet
	}
	if !ok {
		return false, refuse(NotFound, "there is no maintenance window %q: see \"tocsin maintenance list\"", c.Name)
	}
	b.replaceHolds(h.Pauses, slices.Delete(slices.Clone(h.Windows), i, i+1))
	return true, nil
}

func (b *builder) forgetEnded(c ForgetEnded) (bool, *Refusal) {
	h := b.next.holds
	pauses := slices.DeleteFunc(slices.Clone(h.Pauses), func(p *Pause) bool { return p.Ended(c.Before) })
	windows := slices.DeleteFunc(slices.Clone(h.Windows), func(w *Window) bool { return w.Ended(c.Before) })
	if len(pauses) == len(h.Pauses) && len(windows) == len(h.Windows) {
		return false, nil
	}
	b.replaceHolds(pauses, windows)
	return true, nil
}

func (b *builder) replaceHolds(pauses []*Pause, windows []*Window) {
	b.next.holds = &Holds{Index: b.index, Pauses: pauses, Windows: windows}
}

// String says in words what s covers.
func (s Scope) String() string {
	var parts []string
	if s.Prefix != "" {
		parts = append(parts, fmt.Sprintf("the prefix %s", s.Prefix))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Labels)) {
		parts = append(parts, fmt.Sprintf("the label %s=%s", name, s.Labels[name]))
	}
	if len(parts) == 0 {
		return "all endpoints"
	}
	return strings.Join(parts, " and ")
}
