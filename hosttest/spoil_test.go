//go:build linux

package hosttest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"tocsin/clustertest/check"
	"tocsin/fsm"
	"tocsin/health"
)

// lastLeft returns the entry by which a node last left the cluster, 0 if it never
// did: what was before is none of its business since it has joined again.
func lastLeft(h *check.History, node string) (index uint64) {
	for _, entry := range h.Log {
		if slices.Contains(entry.Commands, fsm.Command(fsm.RemoveObserver{Node: node})) {
			index = entry.Index
		}
	}
	return index
}

// spoilings break one promise each in a good history of a real cluster. They
// show that enough was gathered for the checkers to object. Each returns false
// if there is nothing in the history that it could spoil.
var spoilings = []struct {
	what      string
	invariant int
	spoil     func(h *check.History) bool
}{
	{"two logs differ", 1, func(h *check.History) bool {
		h.Conflicts = append(h.Conflicts, "at index 7")
		return true
	}},
	{"a node shows another event", 1, func(h *check.History) bool {
		other := *h.Seen[0].Event
		other.Value += "?"
		h.Seen[0].Event = &other
		return true
	}},
	{"an event is missing", 2, func(h *check.History) bool {
		second := slices.IndexFunc(h.Events, func(e check.Event) bool { return e.Sequence == 2 })
		if second < 0 {
			return false
		}
		of := h.Events[second].Generation
		h.Events = slices.DeleteFunc(h.Events, func(e check.Event) bool { return e.Generation == of && e.Baseline })
		return true
	}},
	{"an event is double", 2, func(h *check.History) bool {
		h.Events = append(h.Events, h.Events[len(h.Events)-1])
		return true
	}},
	{"an event changes its mind", 2, func(h *check.History) bool {
		e := *h.Events[0].Event
		e.To = health.Unknown
		h.Events[0].Event = &e
		return true
	}},
	{"a vote is stale", 3, func(h *check.History) bool {
		for i, e := range h.Events {
			vote := slices.IndexFunc(e.Votes, func(v fsm.Vote) bool { return v.Excluded == "" && v.Verdict == e.To })
			changed := *e.Event
			changed.Votes = slices.Clone(e.Votes)
			changed.Votes[vote].Age = fsm.Duration(time.Hour)
			h.Events[i].Event = &changed
		}
		return true
	}},
	{"a vote for what nobody saw", 4, func(h *check.History) bool {
		h.Sights = slices.DeleteFunc(h.Sights, func(s check.Sight) bool { return s.Status == health.Down })
		return slices.ContainsFunc(h.Events, func(e check.Event) bool { return e.To == health.Down })
	}},
	{"nothing is decided", 5, func(h *check.History) bool {
		h.Events, h.Well = nil, []check.Span{{To: h.Final.At}}
		first := map[check.Pair]bool{} // nothing changes but once
		h.Sights = slices.DeleteFunc(h.Sights, func(s check.Sight) bool {
			of := check.Pair{From: s.Node, To: s.Target}
			defer func() { first[of] = true }()
			return first[of]
		})
		return h.Final.At > time.Minute
	}},
	{"a run is dropped", 6, func(h *check.History) bool {
		i := slices.IndexFunc(h.Runs, func(r check.Run) bool { return r.Exit == 0 && !r.Cut && runsOf(h, r) == 1 })
		if i >= 0 {
			h.Runs = slices.Delete(h.Runs, i, i+1)
		}
		return i >= 0
	}},
	{"an event vanishes on a node", 6, func(h *check.History) bool {
		i := slices.IndexFunc(h.Endings, func(e check.Ending) bool { return e.Event > lastLeft(h, e.Node) })
		if i < 0 {
			return false
		}
		gone := h.Endings[i]
		h.Endings = slices.DeleteFunc(h.Endings, func(e check.Ending) bool { return e.Node == gone.Node && e.Event == gone.Event })
		for i, entry := range h.Log {
			h.Log[i].Commands = slices.DeleteFunc(slices.Clone(entry.Commands), func(c fsm.Command) bool {
				o, is := c.(fsm.RecordOutcome)
				return is && o.Outcome.Node == gone.Node && o.Outcome.Event == gone.Event
			})
		}
		return true
	}},
	{"events are run in the wrong order", 7, func(h *check.History) bool {
		for i, r := range h.Runs {
			for j, later := range h.Runs[i+1:] {
				if later.Node == r.Node && later.Key == r.Key && later.Event > r.Event {
					h.Runs[i].Event, h.Runs[i+1+j].Event = later.Event, r.Event
					return true
				}
			}
		}
		return false
	}},
	{"what was done is run again", 8, func(h *check.History) bool { return again(h, 1) }},
	{"an event from before its time is run", 9, func(h *check.History) bool {
		h.Runs[0].Event = 1
		return true
	}},
	{"entries are committed while all links are cut", 10, func(h *check.History) bool {
		h.Links = []check.Links{{Reach: map[check.Pair]bool{}}}
		return true
	}},
	{"an acknowledged write is lost", 11, func(h *check.History) bool {
		i := slices.IndexFunc(h.Writes, func(w check.Write) bool { return w.Err == "" && w.Refused == "" })
		h.Log[h.Writes[i].Index-1].Commands = nil
		return true
	}},
	{"the first write of a key says that it changed nothing", 11, func(h *check.History) bool {
		i := slices.IndexFunc(h.Writes, func(w check.Write) bool {
			c, is := w.Command.(fsm.SetEndpoint)
			return is && c.Overrides == nil
		})
		h.Writes[i].Changed = false
		return true
	}},
	{"a baseline is run", 12, func(h *check.History) bool {
		h.Runs[0].Event = h.Events[slices.IndexFunc(h.Events, func(e check.Event) bool { return e.Baseline })].ID
		return true
	}},
	{"the state of a node is another", 13, func(h *check.History) bool {
		h.Final.States["n1"] += "?"
		return true
	}},
	{"retries know no bound", 14, func(h *check.History) bool { return again(h, 60) }},
	{"the state is not what is so", 15, func(h *check.History) bool {
		for t, s := range h.Final.Truth {
			h.Final.Truth[t] = map[health.Status]health.Status{health.Up: health.Down, health.Down: health.Up}[s]
		}
		return true
	}},
	{"a node that is cut off calls itself ready", 16, func(h *check.History) bool {
		h.Links = []check.Links{{Reach: map[check.Pair]bool{{From: "n1", To: "n2"}: false}}}
		return true
	}},
	{"what changes was paused", 19, func(h *check.History) bool {
		return alsoIn(h, founding(h), fsm.PauseEndpoints{Pause: fsm.Pause{Reason: "r"}})
	}},
	{"what changes depends on what is DOWN", 20, func(h *check.History) bool {
		var down *fsm.Event
		for _, e := range h.Events {
			switch {
			case e.To == health.Down:
				down = e.Event
			case down == nil:
			case e.Key == down.Key:
				down = nil
			default:
				return alsoIn(h, down.ID, fsm.SetEndpoint{Key: e.Key, Value: e.Value, Parents: &[]string{down.Key}})
			}
		}
		return false
	}},
	{"more are DOWN than the brake lets", 21, func(h *check.History) bool {
		settings := fsm.DefaultClusterSettings()
		settings.Brake = 1
		return alsoIn(h, founding(h)+1, fsm.ChangeSettings{Settings: settings}) &&
			slices.ContainsFunc(h.Events, func(e check.Event) bool { return e.To == health.Down })
	}},
}

// founding returns the entry that founded the cluster.
func founding(h *check.History) (index uint64) {
	return h.Log[slices.IndexFunc(h.Log, func(e check.Entry) bool {
		return slices.ContainsFunc(e.Commands, func(c fsm.Command) bool { _, is := c.(fsm.Found); return is })
	})].Index
}

// alsoIn has an entry hold one more command.
func alsoIn(h *check.History, index uint64, c fsm.Command) bool {
	e := &h.Log[index-1]
	e.Commands = append(slices.Clone(e.Commands), c)
	return true
}

// runsOf counts the runs of the same event on the same node.
func runsOf(h *check.History, r check.Run) (n int) {
	for _, o := range h.Runs {
		if o.Node == r.Node && o.Event == r.Event {
			n++
		}
	}
	return n
}

// again appends more runs of what was run last and ended well.
func again(h *check.History, times int) bool {
	for _, r := range slices.Backward(h.Runs) {
		if r.Cut || r.Exit != 0 {
			continue
		}
		for range times {
			r.Attempt++
			r.From, r.End = r.End+time.Second, r.End+2*time.Second
			h.Runs = append(h.Runs, r)
		}
		return true
	}
	return false
}

// wantObjections requires that the checkers object to every spoiling of a good
// history.
func wantObjections(t *testing.T, h *check.History) {
	t.Helper()
	for _, s := range spoilings {
		spoilt := copyOf(h)
		if !s.spoil(spoilt) {
			t.Logf("this history can't show that %s", s.what)
			continue
		}
		if !slices.ContainsFunc(check.All(), func(c check.Checker) bool { return c.Invariant == s.invariant && len(c.Find(spoilt)) > 0 }) {
			t.Errorf("nobody objects when %s: invariant %d looks at something that was not gathered", s.what, s.invariant)
		}
	}
}

// copyOf returns a history that can be spoiled without harm to h. Events and
// commands are shared: they are replaced and never changed.
func copyOf(h *check.History) *check.History {
	c := *h
	c.Conflicts, c.Seen, c.Events, c.Log = slices.Clone(h.Conflicts), slices.Clone(h.Seen), slices.Clone(h.Events), slices.Clone(h.Log)
	c.Sights, c.Runs, c.Endings, c.Writes = slices.Clone(h.Sights), slices.Clone(h.Runs), slices.Clone(h.Endings), slices.Clone(h.Writes)
	c.Final.States, c.Final.Truth = maps.Clone(h.Final.States), maps.Clone(h.Final.Truth)
	return &c
}
