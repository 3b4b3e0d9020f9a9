package fsm

// Changes is what happened to endpoints between two Views.
type Changes struct {
	// Everything means that the changes can't be told one by one: look at all
	// endpoints. Deleted and Modified are empty then.
	Everything bool
	// Deleted holds the keys of endpoints that were there and were deleted,
	// each once, to be handled before Modified: a key that is in both was
	// added again.
	Deleted []string
	// Modified holds the endpoints that were added or changed, as they are
	// now, in the order of their last change.
	Modified []*Endpoint
}

// ChangesSince tells what changed after the entry with the given index, the
// Index of the View that the caller knew last. Its cost grows with the changes,
// not with the endpoints.
func (v *View) ChangesSince(index uint64) Changes {
	switch {
	case index == 0, index < v.settingsIndex, index < v.forgotten:
		return Changes{Everything: true}
	case index == v.index:
		return Changes{}
	case index > v.index:
		// Not of our past: an older state was restored in between.
		return Changes{Everything: true}
	}
	var c Changes
	for d := range valuesFrom(v.deleted, numberKey(index+1)) {
		if d.generation <= index {
			c.Deleted = append(c.Deleted, d.key)
		}
	}
	for key := range valuesFrom(v.modified, numberKey(index+1)) {
		if e, ok := v.Endpoint(key); ok {
			c.Modified = append(c.Modified, e)
		}
	}
	return c
}
