package check

import (
	"time"

	"tocsin/fsm"
)

// Forever is later than any history.
const Forever = time.Duration(1<<63 - 1)

const forever = Forever

// tenure is the time in which an endpoint of one generation had one value.
type tenure struct {
	key, value string
	generation uint64
	// from and to are when the first node applied its beginning and its end,
	// with the indexes of both; to is forever for one that has not ended.
	from, to           time.Duration
	fromIndex, toIndex uint64
	deleted            bool // it ended with the endpoint
}

// tenures derives them from the commands of the log, without the state machine.
func (h *History) tenures() []tenure {
	var all []tenure
	present := map[string]int{} // place in all, by key
	end := func(key string, entry Entry, deleted bool) {
		if i, ok := present[key]; ok {
			all[i].to, all[i].toIndex, all[i].deleted = entry.At, entry.Index, deleted
			delete(present, key)
		}
	}
	for _, entry := range h.Log {
		for c := range entry.done() {
			switch c := c.(type) {
			case fsm.SetEndpoint:
				generation := entry.Index
				if i, ok := present[c.Key]; ok {
					if all[i].value == c.Value {
						continue
					}
					generation = all[i].generation
				}
				end(c.Key, entry, false)
				present[c.Key] = len(all)
				all = append(all, tenure{key: c.Key, value: c.Value, generation: generation, from: entry.At, fromIndex: entry.Index, to: forever})
			case fsm.DeleteEndpoint:
				end(c.Key, entry, true)
			}
		}
	}
	return all
}

// longestInterval returns the longest pause between two checks that any
// settings of the history ask for.
func (h *History) longestInterval() time.Duration {
	longest := time.Duration(0)
	for _, entry := range h.Log {
		for _, c := range entry.Commands {
			switch c := c.(type) {
			case fsm.Found:
				longest = max(longest, time.Duration(c.Settings.Interval))
			case fsm.ChangeSettings:
				longest = max(longest, time.Duration(c.Settings.Interval))
			case fsm.SetEndpoint:
				if c.Overrides != nil && c.Overrides.Interval != nil {
					longest = max(longest, time.Duration(*c.Overrides.Interval))
				}
			}
		}
	}
	return longest
}

// joined returns when an observer came in for the last time, as an index; false
// if it is none at the end.
func (h *History) joined(node string) (index uint64, observes bool) {
	index = h.joinedBefore(node, forever)
	return index, index != 0
}

// joinedBefore is joined, for what was so at a moment; 0 if it was no observer.
func (h *History) joinedBefore(node string, at time.Duration) (index uint64) {
	for _, entry := range h.Log {
		if entry.At > at {
			break
		}
		for _, c := range entry.Commands {
			switch c := c.(type) {
			case fsm.RegisterObserver:
				if c.Node == node && index == 0 {
					index = entry.Index
				}
			case fsm.RemoveObserver:
				if c.Node == node {
					index = 0
				}
			}
		}
	}
	return index
}

// origin returns the index at which what a process can remember began: the first
// registration since its disk was empty, or since its ledger forgot something. It
// is 0 if there was none.
func (h *History) origin(node string, life int) uint64 {
	var origin uint64
	for _, l := range h.lives(node) {
		if l.Number > life {
			break
		}
		if l.Fresh || l.Forgot {
			origin = 0
		}
		if origin == 0 {
			origin = l.Epoch
		}
	}
	return origin
}

// keyOf returns the endpoint that a command is about, "" if none.
func keyOf(c fsm.Command) string {
	switch c := c.(type) {
	case fsm.SetEndpoint:
		return c.Key
	case fsm.DeleteEndpoint:
		return c.Key
	case fsm.Transition:
		return c.Key
	case fsm.ForceState:
		return c.Key
	}
	return ""
}
