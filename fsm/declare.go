package fsm

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	iradix "github.com/hashicorp/go-immutable-radix/v2"
)

// MaxDeclared is how many endpoints one DeclareEndpoints may name, and how many
// it may delete: all of it is applied while every other entry waits.
const MaxDeclared = 10_000

// DeclareEndpoints says which endpoints there are to be, all or none of them.
// Those of Endpoints are added, or made to be as they are given here, with no
// settings, labels and parents but these. Others are left alone, unless Prune covers
// them: then they are deleted.
type DeclareEndpoints struct {
	Endpoints []Declared `json:"endpoints"`
	// Prune gives a prefix or labels: nobody prunes everything by an empty list.
	Prune *Scope `json:"prune,omitempty"`
}

// Declared is one endpoint as it is to be.
type Declared struct {
	Key       string            `json:"key"`
	Value     string            `json:"value"`
	Overrides Overrides         `json:"settings,omitzero"`
	Labels    map[string]string `json:"labels,omitempty"`
	Parents   []string          `json:"parents,omitempty"`
}

// Scope covers the endpoints whose key has the prefix and that have all the
// labels. The empty one covers all.
type Scope struct {
	Prefix string            `json:"prefix,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
}

// Covers reports whether an endpoint of that key with those labels is meant.
func (s Scope) Covers(key string, labels map[string]string) bool {
	return strings.HasPrefix(key, s.Prefix) && HasLabels(labels, s.Labels)
}

// ParseLabels reads labels as people write them, each as name=value. One name with
// two values is an error: nothing has both.
func ParseLabels(given []string) (map[string]string, error) {
	labels := make(map[string]string, len(given))
	for _, l := range given {
		name, value, ok := strings.Cut(l, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("label %q is not like team=storage", l)
		}
		if other, again := labels[name]; again && other != value {
			return nil, fmt.Errorf("no endpoint has both %s=%s and %s", name, other, l)
		}
		labels[name] = value
	}
	return labels, nil
}

// HasLabels reports whether labels holds all that are wanted.
func HasLabels(labels, wanted map[string]string) bool {
	for name, value := range wanted {
		if has, ok := labels[name]; !ok || has != value {
			return false
		}
	}
	return true
}

// Difference is what a DeclareEndpoints changes, or has changed.
type Difference struct {
	Added     []string `json:"added"`   // keys, as the rest, in their order
	Changed   []Change `json:"changed"` // with what is another now
	Deleted   []string `json:"deleted"`
	Unchanged int      `json:"unchanged"` // how many of those declared are so already
	// Settings names the settings of the cluster that a RestoreConfiguration
	// changes, Pauses and Windows the holds.
	Settings []string    `json:"settings,omitempty"`
	Pauses   HoldChanges `json:"pauses,omitzero"`
	Windows  HoldChanges `json:"windows,omitzero"`
}

// Any reports whether anything is changed.
func (d Difference) Any() bool {
	return len(d.Added)+len(d.Changed)+len(d.Deleted)+len(d.Settings)+d.Pauses.Count()+d.Windows.Count() > 0
}

// Change names what of an endpoint is changed: value, settings.NAME, labels,
// parents.
// It names no single label: the answer about the largest declaration is bounded.
type Change struct {
	Key    string   `json:"key"`
	Fields []string `json:"fields"`
}

// Difference returns what c would change if it were applied to v.
func (v *View) Difference(c DeclareEndpoints) Difference { return difference(v.endpoints.Root(), c) }

func difference(endpoints *iradix.Node[*Endpoint], c DeclareEndpoints) Difference {
	d := Difference{Added: []string{}, Changed: []Change{}, Deleted: []string{}}
	declared := make(map[string]bool, len(c.Endpoints))
	for _, to := range c.Endpoints {
		declared[to.Key] = true
		old, exists := endpoints.Get([]byte(to.Key))
		if !exists {
			d.Added = append(d.Added, to.Key)
		} else if fields := to.differs(old); len(fields) > 0 {
			d.Changed = append(d.Changed, Change{to.Key, fields})
		} else {
			d.Unchanged++
		}
	}
	if c.Prune != nil {
		endpoints.WalkPrefix([]byte(c.Prune.Prefix), func(_ []byte, e *Endpoint) bool {
			if !declared[e.Key] && c.Prune.Covers(e.Key, e.Labels) {
				d.Deleted = append(d.Deleted, e.Key)
			}
			return false
		})
	}
	slices.Sort(d.Added)
	slices.SortFunc(d.Changed, func(a, b Change) int { return strings.Compare(a.Key, b.Key) })
	return d
}

// differs names the fields in which e is not as declared, in order.
func (d Declared) differs(e *Endpoint) []string {
	var fields []string
	if d.Value != e.Value {
		fields = append(fields, "value")
	}
	have, want := reflect.ValueOf(e.Overrides), reflect.ValueOf(d.Overrides)
	for i := range want.NumField() {
		if !reflect.DeepEqual(have.Field(i).Interface(), want.Field(i).Interface()) {
			name, _, _ := strings.Cut(want.Type().Field(i).Tag.Get("json"), ",")
			fields = append(fields, "settings."+name)
		}
	}
	if !maps.Equal(d.Labels, e.Labels) {
		fields = append(fields, "labels")
	}
	if !slices.Equal(d.Parents, e.Parents) {
		fields = append(fields, "parents")
	}
	return fields
}

// set returns the command that makes the endpoint as declared.
func (d Declared) set() SetEndpoint {
	return SetEndpoint{Key: d.Key, Value: d.Value, Overrides: &d.Overrides, Labels: &d.Labels, Parents: &d.Parents}
}

// declare can't be refused: so all of it is done, or Validate has refused it
// before anything was.
func (b *builder) declare(c DeclareEndpoints) Difference {
	d := difference(b.endpoints.Root(), c)
	for _, key := range d.Deleted {
		b.remove(DeleteEndpoint{Key: key})
	}
	for _, to := range c.Endpoints {
		b.set(to.set())
	}
	return d
}

// maxFaults bounds how many faults of a declaration are told at once.
const maxFaults = 10

func validateDeclare(v *View, c DeclareEndpoints) error {
	if len(c.Endpoints) > MaxDeclared {
		return fmt.Errorf("%d endpoints: at most %d can be declared at once, so declare them in parts", len(c.Endpoints), MaxDeclared)
	}
	if c.Prune != nil && c.Prune.Prefix == "" && len(c.Prune.Labels) == 0 {
		return errors.New("prune has neither a prefix nor a label, so that it would delete all other endpoints: give one of them")
	}
	var faults []error
	seen := make(map[string]bool, len(c.Endpoints))
	all := make(map[string]Declared, len(c.Endpoints))
	for _, d := range c.Endpoints {
		all[d.Key] = d
	}
	for _, d := range c.Endpoints {
		if len(faults) == maxFaults {
			faults = append(faults, errors.New("and perhaps more"))
			break
		}
		switch err := validateSet(v, d.set(), all); {
		case err != nil:
			faults = append(faults, fmt.Errorf("endpoint %.80q: %w", d.Key, err))
		case seen[d.Key]:
			faults = append(faults, fmt.Errorf("endpoint %q is declared twice: declare it once", d.Key))
		case c.Prune != nil && !c.Prune.Covers(d.Key, d.Labels):
			faults = append(faults, fmt.Errorf("endpoint %q is outside of what prune covers, so that it would never be pruned: give it the prefix and labels of prune", d.Key))
		}
		seen[d.Key] = true
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	d := v.Difference(c)
	if len(d.Deleted) > MaxDeclared {
		return fmt.Errorf("prune would delete %d endpoints: at most %d at once, so prune smaller scopes one after the other", len(d.Deleted), MaxDeclared)
	}
	if n := v.EndpointCount() + len(d.Added) - len(d.Deleted); n > MaxEndpoints {
		return refuse(Conflict, "there would be %d endpoints, and at most %d are allowed: declare or keep fewer", n, MaxEndpoints)
	}
	return nil
}
