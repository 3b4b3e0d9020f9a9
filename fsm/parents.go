package fsm

import (
	"fmt"
	"iter"
	"slices"

	iradix "github.com/hashicorp/go-immutable-radix/v2"
)

// Endpoints that others depend on. No change of an endpoint is committed while a
// parent of it is DOWN, or a parent of that. One that is not there holds nothing;
// whoever writes down a parent must name one that is there.

// MaxParents bounds the parents of one endpoint.
const MaxParents = 16

// maxAncestors bounds how far up anybody looks.
const maxAncestors = 1000

// Below yields the endpoints that depend on key: those that name it as a parent,
// those that name these, and so on, each once. Its cost grows with them alone.
func (v *View) Below(key string) iter.Seq[*Endpoint] {
	children := func(key string) iter.Seq[string] { return values(v.children, childKey(key, "")) }
	return lookup(v.Endpoint).reach(key, children, MaxEndpoints)
}

// Above yields the endpoints that key depends on: its parents, theirs, and so
// on, each once, the first 1,000 of them.
func (v *View) Above(key string) iter.Seq[*Endpoint] { return lookup(v.Endpoint).above(key) }

// Holding yields the endpoints above e that hold it while down says so of them.
// One that itself depends on e does not: the two would hold each other for ever.
func (v *View) Holding(e *Endpoint, down func(*Endpoint) bool) iter.Seq[*Endpoint] {
	return lookup(v.Endpoint).holding(e, down)
}

// lookup finds endpoints by their keys: those of a View, or of one in the making.
type lookup func(key string) (*Endpoint, bool)

func (find lookup) above(key string) iter.Seq[*Endpoint] {
	return find.reach(key, find.parentsOf, maxAncestors)
}

func (find lookup) holding(e *Endpoint, down func(*Endpoint) bool) iter.Seq[*Endpoint] {
	return func(yield func(*Endpoint) bool) {
		if len(e.Parents) == 0 {
			return // as most: it costs nothing
		}
		for parent := range find.above(e.Key) {
			if parent.Key != e.Key && down(parent) && !find.depends(parent, e) && !yield(parent) {
				return
			}
		}
	}
}

func (find lookup) depends(e, on *Endpoint) bool {
	for parent := range find.above(e.Key) {
		if parent.Key == on.Key {
			return true
		}
	}
	return false
}

func (find lookup) parentsOf(key string) iter.Seq[string] {
	e, ok := find(key)
	if !ok {
		return func(func(string) bool) {}
	}
	return slices.Values(e.Parents)
}

func (find lookup) reach(from string, next func(string) iter.Seq[string], most int) iter.Seq[*Endpoint] {
	return func(yield func(*Endpoint) bool) {
		for key := range reached(from, next, most) {
			if e, ok := find(key); ok && !yield(e) {
				return
			}
		}
	}
}

// reached yields the keys that one comes to from one key, the nearest first and
// each once; from itself only if there is a circle.
func reached(from string, next func(string) iter.Seq[string], most int) iter.Seq[string] {
	return func(yield func(string) bool) {
		seen := make(map[string]bool)
		for open := []string{from}; len(open) > 0 && len(seen) <= most; open = open[1:] {
			for key := range next(open[0]) {
				if seen[key] {
					continue
				}
				seen[key] = true
				if !yield(key) {
					return
				}
				open = append(open, key)
			}
		}
	}
}

// reaches reports whether to is among the keys that reached yields.
func reaches(from, to string, next func(string) iter.Seq[string]) bool {
	for key := range reached(from, next, MaxEndpoints) {
		if key == to {
			return true
		}
	}
	return false
}

// childKey orders children by parent. No key has a zero byte in it.
func childKey(parent, child string) []byte { return []byte(parent + "\x00" + child) }

// relate keeps children in step with an endpoint that had other parents before.
func relate(children *iradix.Txn[string], key string, before, now []string) {
	for _, parent := range before {
		if !slices.Contains(now, parent) {
			children.Delete(childKey(parent, key))
		}
	}
	for _, parent := range now {
		children.Insert(childKey(parent, key), key)
	}
}

// validateParents refuses new parents that are not there, or below the endpoint
// itself. Parents is what others will have; nil for the state as it is.
func validateParents(v *View, key string, parents, had []string, others map[string]Declared) error {
	if len(parents) > MaxParents {
		return fmt.Errorf("%d parents: at most %d are allowed", len(parents), MaxParents)
	}
	if slices.Equal(parents, had) {
		return nil
	}
	of := func(key string) iter.Seq[string] {
		if d, declared := others[key]; declared {
			return slices.Values(d.Parents)
		}
		return lookup(v.Endpoint).parentsOf(key)
	}
	for i, parent := range parents {
		_, declared := others[parent]
		_, exists := v.Endpoint(parent)
		switch {
		case parent == key:
			return fmt.Errorf("endpoint %q can't be its own parent", key)
		case slices.Contains(parents[:i], parent):
			return fmt.Errorf("the parent %.80q is given twice: give it once", parent)
		case !declared && !exists && !slices.Contains(had, parent):
			return fmt.Errorf("there is no endpoint %.80q to be a parent: set it first", parent)
		case reaches(parent, key, of):
			return fmt.Errorf("the parent %q depends on endpoint %q already: two can't hold each other", parent, key)
		}
	}
	return nil
}
