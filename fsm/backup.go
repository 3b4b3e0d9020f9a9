package fsm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	iradix "github.com/hashicorp/go-immutable-radix/v2"
)

// A backup holds a whole state, and only what people have written is ever put
// back: by a command in the log, like any other change.

// WriteSnapshot writes all of v, as a snapshot of raft has it.
func WriteSnapshot(to io.Writer, v *View) error { return writeSnapshot(to, v) }

// ReadSnapshot reads what WriteSnapshot wrote, and nothing else: the View is not
// that of any Machine. The error wraps ErrTooNew if a newer build wrote it.
func ReadSnapshot(from io.Reader) (*View, error) { return readSnapshot(from, time.Time{}, Dialect{}) }

// WithNewestEvents returns v with no more of its events, and what became of their
// notifications, than the newest that take at most that many bytes in a snapshot. It is to be written:
// what is derived from events is v's.
func (v *View) WithNewestEvents(most int) (*View, error) {
	events, outcomes := iradix.New[*Event]().Txn(), iradix.New[*Outcome]().Txn()
	for event := range v.EventsBackwards() {
		lines := []snapshotLine{{Event: event}}
		for o := range v.Outcomes(event.ID) {
			lines = append(lines, snapshotLine{Outcome: o})
		}
		for _, line := range lines {
			text, err := json.Marshal(line)
			if err != nil {
				return nil, err
			}
			most -= len(text) + len("\n")
		}
		if most < 0 {
			some := *v
			some.lastForgotten, some.events, some.outcomes = event.ID, events.CommitOnly(), outcomes.CommitOnly()
			return &some, nil
		}
		events.Insert(numberKey(event.ID), event)
		for _, line := range lines[1:] {
			outcomes.Insert(outcomeKey(event.ID, line.Outcome.Node), line.Outcome)
		}
	}
	return v, nil
}

// RestoreConfiguration makes the settings of the cluster, its endpoints, pauses and
// maintenance windows be as they are given, all or none of them; what is not given
// is deleted. An endpoint that is not there, or not so, begins anew with another
// generation, so that its first decision is a baseline and nobody is told of it.
// What is so already is left alone.
type RestoreConfiguration struct {
	Settings  ClusterSettings `json:"settings"`
	Endpoints []Declared      `json:"endpoints"`
	Pauses    []Pause         `json:"pauses,omitempty"`
	Windows   []Window        `json:"windows,omitempty"`
	// If names versions of the configuration: what View.ConfigurationIndex was
	// when it was looked at.
	If *Condition `json:"if,omitempty"`
}

func (RestoreConfiguration) command() {}

// ConfigurationIndex returns the index of the last change of anything that a
// RestoreConfiguration may change.
func (v *View) ConfigurationIndex() uint64 { return max(v.endpointsIndex, v.holds.Index) }

// Configuration returns the command that puts back what people have written in v.
// Pauses and windows that have ended at that time are none of it.
func (v *View) Configuration(at time.Time) RestoreConfiguration {
	c := RestoreConfiguration{Settings: v.settings, Endpoints: []Declared{}}
	c.Pauses, c.Windows = v.holds.unended(at)
	for e := range v.Endpoints("") {
		c.Endpoints = append(c.Endpoints, Declared{Key: e.Key, Value: e.Value, Overrides: e.Overrides, Labels: e.Labels, Parents: e.Parents})
	}
	return c
}

// RestoreDifference returns what c would change if it were applied to v, or how its
// condition is not fulfilled.
func (v *View) RestoreDifference(c RestoreConfiguration) (Difference, *Refusal) {
	if unmet := c.unmetBy(v); unmet != nil {
		return Difference{}, unmet
	}
	d := difference(v.endpoints.Root(), c.declared())
	d.Settings = changedSettings(v.settings, c.Settings)
	v.holds.becoming(c.holds(v.index), &d)
	return d, nil
}

// unmetBy returns why v does not fulfil the condition of c, nil if it does.
func (c RestoreConfiguration) unmetBy(v *View) *Refusal {
	return c.If.unmet("the configuration", true, v.ConfigurationIndex())
}

func (c RestoreConfiguration) declared() DeclareEndpoints {
	return DeclareEndpoints{Endpoints: c.Endpoints, Prune: &Scope{}} // which covers all
}

// changedSettings names the settings that differ, in the order of the fields.
func changedSettings(before, after ClusterSettings) []string {
	var names []string
	var compare func(a, b reflect.Value)
	compare = func(a, b reflect.Value) {
		for i := range a.NumField() {
			switch field := a.Type().Field(i); {
			case field.Anonymous:
				compare(a.Field(i), b.Field(i))
			case !a.Field(i).Equal(b.Field(i)):
				names = append(names, field.Tag.Get("json"))
			}
		}
	}
	compare(reflect.ValueOf(before), reflect.ValueOf(after))
	return names
}

// restore can't be refused but for its condition: so all of it is done, or
// nothing.
func (b *builder) restore(c RestoreConfiguration) (*Difference, *Refusal) {
	if unmet := c.unmetBy(&b.next); unmet != nil {
		return nil, unmet
	}
	d := difference(b.endpoints.Root(), c.declared())
	d.Settings = changedSettings(b.next.settings, c.Settings)
	if len(d.Settings) > 0 {
		b.replaceSettings(c.Settings)
	}
	for _, key := range d.Deleted {
		b.remove(DeleteEndpoint{Key: key})
	}
	for _, change := range d.Changed {
		b.remove(DeleteEndpoint{Key: change.Key})
	}
	for _, to := range c.Endpoints {
		b.set(to.set())
	}
	b.next.holds = b.next.holds.becoming(c.holds(b.index), &d)
	return &d, nil
}

func validateRestore(v *View, c RestoreConfiguration) error {
	if err := errors.Join(c.Settings.Validate(), validateQuorum(v, c.Settings.Quorum), c.If.validate()); err != nil {
		return err
	}
	if len(c.Endpoints) > MaxEndpoints {
		return fmt.Errorf("%d endpoints: at most %d are allowed", len(c.Endpoints), MaxEndpoints)
	}
	after := emptyView() // with nothing in it but the settings that are to hold
	after.settings, after.observers = c.Settings, v.observers
	all := make(map[string]Declared, len(c.Endpoints))
	for _, d := range c.Endpoints {
		for _, parent := range d.Parents {
			if _, there := all[parent]; !there {
				all[parent] = Declared{} // it may have been deleted, and is still named
			}
		}
		all[d.Key] = d
	}
	faults := validateHolds(c.Pauses, c.Windows)
	seen := make(map[string]bool, len(c.Endpoints))
	for _, d := range c.Endpoints {
		if len(faults) >= maxFaults {
			faults = append(faults, errors.New("and perhaps more"))
			break
		}
		if err := validateSet(after, d.set(), all); err != nil {
			faults = append(faults, fmt.Errorf("endpoint %.80q: %w", d.Key, err))
		} else if seen[d.Key] {
			faults = append(faults, fmt.Errorf("endpoint %q is there twice", d.Key))
		}
		seen[d.Key] = true
	}
	return errors.Join(faults...)
}
