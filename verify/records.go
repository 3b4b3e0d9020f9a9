package verify

import (
	"slices"
	"sync"

	"tocsin/health"
)

// record is what anybody may see of one endpoint. It never changes; a newer
// one takes its place.
type record struct {
	// watched is false once the endpoint is deleted: what is left is history,
	// which Forget may remove.
	watched bool
	verdict health.Status
	reason  string
	samples []Sample // oldest first
}

// records holds the record of each key. Reading never makes the scheduler
// wait. Only the scheduler writes; the one other writer is forget, and it
// touches no record that the scheduler still writes.
type records struct {
	byKey sync.Map // string → *record
	keep  int      // samples of one endpoint
}

func (r *records) get(key string) *record {
	if found, ok := r.byKey.Load(key); ok {
		return found.(*record)
	}
	return &record{}
}

// begin starts an endpoint afresh: nothing of an earlier generation is left.
func (r *records) begin(key string) { r.byKey.Store(key, &record{watched: true}) }

// reset takes the verdict back and keeps the samples, which name their
// revision.
func (r *records) reset(key string) {
	r.byKey.Store(key, &record{watched: true, samples: r.get(key).samples})
}

// add appends a sample and notes what the verdict is after it.
func (r *records) add(key string, s Sample, t tracker) {
	samples := r.get(key).samples
	if over := len(samples) + 1 - r.keep; over > 0 {
		samples = samples[over:]
	}
	next := make([]Sample, 0, len(samples)+1) // readers hold the old one
	next = append(append(next, samples...), s)
	r.byKey.Store(key, &record{watched: true, verdict: t.verdict, reason: t.reason, samples: next})
}

// end leaves only the history of a deleted endpoint.
func (r *records) end(key string) {
	samples := r.get(key).samples
	if len(samples) == 0 {
		r.byKey.Delete(key)
		return
	}
	r.byKey.Store(key, &record{samples: samples})
}

// forget removes the history of key, unless it is watched.
func (r *records) forget(key string) {
	if found, ok := r.byKey.Load(key); ok && !found.(*record).watched {
		r.byKey.CompareAndDelete(key, found) // not if it was added again meanwhile
	}
}

// keys returns the keys that have samples, in order.
func (r *records) keys() []string {
	var keys []string
	r.byKey.Range(func(key, found any) bool {
		if len(found.(*record).samples) > 0 {
			keys = append(keys, key.(string))
		}
		return true
	})
	slices.Sort(keys)
	return keys
}
