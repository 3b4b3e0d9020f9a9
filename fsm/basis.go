package fsm

import "tocsin/health"

// Basis is what a decision about an endpoint was made under. If any of it is
// another when the decision is applied, it is refused: nothing is changed behind
// an answer that says that it may not be. Two are equal if they are ==.
type Basis struct {
	Generation uint64 `json:"generation"`
	Revision   uint64 `json:"revision"`
	// Configured is when people last wrote what the endpoint is: its settings
	// and parents among it.
	Configured uint64        `json:"configured"`
	From       health.Status `json:"from"`
	Sequence   uint64        `json:"sequence"` // of the endpoint, before this event
	// Settings is when those of the cluster last changed.
	Settings uint64 `json:"settings"`
	// Observers is when one last came, went, or registered anew.
	Observers uint64 `json:"observers"`
	// Holds is the Index of the Holds.
	Holds uint64 `json:"holds,omitempty"`
}

// Basis returns what a decision about e, an endpoint of v, is made under.
func (v *View) Basis(e *Endpoint) Basis {
	return Basis{
		Generation: e.Generation, Revision: e.Revision, Configured: e.Configured, From: e.State, Sequence: e.Sequence,
		Settings: v.settingsIndex, Observers: v.observersIndex, Holds: v.holds.Index,
	}
}

// outdated says what of b is another now, nil if nothing is.
func (b Basis) outdated(key string, now Basis) *Refusal {
	switch {
	case b == now:
		return nil
	case b.Generation != now.Generation, b.Revision != now.Revision, b.Configured != now.Configured:
		return refuse(Conflict, "endpoint %q was changed since the decision: decide again", key)
	case b.From != now.From, b.Sequence != now.Sequence:
		return refuse(Conflict, "endpoint %q changed its state since the decision: decide again", key)
	case b.Settings != now.Settings:
		return refuse(Conflict, "the settings were changed since the decision about endpoint %q: decide again", key)
	case b.Observers != now.Observers:
		return refuse(Conflict, "observers have come, gone or started again since the decision about endpoint %q: decide again", key)
	}
	return refuse(Conflict, "somebody has paused or resumed endpoints since the decision about endpoint %q: decide again", key)
}

// forbidden says why e can't become to, as everything is now, nil if it can. It
// judges again what knows no clock and is no part of the Basis, since it changes
// with every event: the parents, and the brake.
func (b *builder) forbidden(e *Endpoint, to health.Status) *Refusal {
	for parent := range lookup(b.endpoint).holding(e, (*Endpoint).isDown) {
		return refuse(Conflict, "endpoint %q, on which endpoint %q depends, went DOWN since the decision: decide again", parent.Key, e.Key)
	}
	if limit := b.next.settings.Brake; to == health.Down && limit.Exceeded(b.next.down+1, b.endpointCount) {
		return refuse(Conflict, "%d of %d endpoints would be DOWN with endpoint %q, and %v may be: decide again", b.next.down+1, b.endpointCount, e.Key, limit)
	}
	return nil
}

func (b *builder) endpoint(key string) (*Endpoint, bool) { return b.endpoints.Get([]byte(key)) }
