package check

import (
	"slices"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// election is what may pass until there is a leader again, and until ballots
// have reached it.
const election = 20 * time.Second

// detours is what may pass instead while the same node leads all the time and is
// well: ballots that can't come straight come through others.
const detours = 5 * time.Second

// InTime checks that what really is so, and stays so, is committed within
// fall × interval + time to live + an election (and the cooldown) while a
// majority is well and connected. DOWN and UP alike. What was held back, by a
// pause, a parent or the brake, is committed as soon as that ends, if it has been
// so for long enough by then.
func InTime(h *History) []Violation {
	f := found{invariant: 5}
	if len(h.Well) == 0 {
		return nil
	}
	tenures, disturbances := h.tenures(), h.disturbances()
	targets := map[string][]truth{}
	for _, t := range tenures {
		if _, known := targets[t.value]; !known {
			targets[t.value] = h.truths(t.value)
		}
		for _, true := range targets[t.value] {
			f.inTime(h, t, true, disturbances)
		}
	}
	return f.all
}

func (f *found) inTime(h *History, t tenure, tr truth, d disturbances) {
	if tr.status != health.Up && tr.status != health.Down {
		return
	}
	so := Span{max(t.from, tr.from), min(t.to, tr.to)}
	for _, part := range d.undisturbed(t.key, tr.status, so) {
		f.partInTime(h, t, tr.status, so.From, part)
	}
}

// partInTime looks at a stretch of time in which nothing but checks decides, and
// all see status, which they have seen since a moment before it.
func (f *found) partInTime(h *History, t tenure, status health.Status, since time.Duration, part Span) {
	settings, ttl, steady := h.settingsAt(part.From)
	if !steady {
		return
	}
	rows := max(settings.Rise, settings.Fall) + 1
	checks := time.Duration(rows)*time.Duration(settings.Interval)*5/4 + ttl
	cooldown := time.Duration(settings.Cooldown)
	due := max(since+checks, part.From)
	due = max(due, h.lastEvent(t, due)+cooldown) + detours
	if !h.wellAll(since, due) {
		since = part.From // what was seen before may not have been heard
		due = part.From + checks + cooldown + detours
	}
	// Of what was held for longer than it takes to hear of it, an election at its
	// beginning is no excuse.
	heard := since
	if part.From > since+checks {
		heard = max(since, part.From-cooldown)
	}
	if h.elected(heard-election, due+election) || !h.leaderWell(part.From, due) {
		due += election - detours
	}
	if due > part.To || !h.wellAll(since, due) {
		return
	}
	if state := h.stateAt(t, due); state != status {
		f.add(t.key, "", due, "%s (value %s) is really %v from %v on, nothing holds that from %v on, a majority is well, and at %v the state is %v",
			t.key, t.value, status, since, part.From, due, state)
	}
}

// wellAll reports whether a majority is well all the time between two moments.
func (h *History) wellAll(from, to time.Duration) bool {
	return slices.ContainsFunc(h.Well, func(s Span) bool { return s.From <= from && to <= s.To })
}

// stateAt returns the state of an endpoint at a moment.
func (h *History) stateAt(t tenure, at time.Duration) health.Status {
	state := health.Unknown
	for _, e := range h.Events {
		if e.Key == t.key && e.Generation == t.generation && e.At <= at {
			state = e.To
		}
	}
	return state
}

// lastEvent returns when the last event of an endpoint until a moment was; 0 if
// there was none.
func (h *History) lastEvent(t tenure, until time.Duration) time.Duration {
	last := time.Duration(0)
	for _, e := range h.Events {
		if e.Key == t.key && e.Generation == t.generation && e.At <= until {
			last = e.At
		}
	}
	return last
}

// elected reports whether any node took office between two moments.
func (h *History) elected(from, to time.Duration) bool {
	return slices.ContainsFunc(h.Terms, func(t Term) bool { return t.At >= from && t.At <= to })
}

// leaderWell reports whether whoever leads at a moment is ready from then until
// another.
func (h *History) leaderWell(from, to time.Duration) bool {
	leader := ""
	for _, t := range h.Terms {
		if t.At <= from {
			leader = t.Node
		}
	}
	well := true
	for _, r := range h.Ready {
		if r.Node != leader || r.At > to {
			continue
		}
		if r.At <= from {
			well = true
		}
		well = well && r.Ready
	}
	return well
}

// truth is a time in which all nodes see a target alike.
type truth struct {
	status   health.Status
	from, to time.Duration
}

func (h *History) truths(target string) []truth {
	now := map[string]health.Status{}
	for node := range h.Sites {
		now[node] = health.Up
	}
	var all []truth
	current := truth{status: health.Up, to: forever}
	end := func(at time.Duration) {
		if current.to = at; current.from < at {
			all = append(all, current)
		}
	}
	for _, s := range h.Sights {
		if s.Target != target || now[s.Node] == s.Status {
			continue
		}
		now[s.Node] = s.Status
		end(s.At)
		current = truth{status: h.unanimous(now), from: s.At, to: forever}
	}
	return append(all, current)
}

// unanimous returns what all see, UNKNOWN if they differ.
func (h *History) unanimous(seen map[string]health.Status) health.Status {
	common, first := health.Unknown, true
	for _, s := range seen {
		if first {
			common, first = s, false
		}
		if s != common {
			return health.Unknown
		}
	}
	return common
}

// settingsAt returns the settings of the cluster at a moment, and whether they
// stay for long enough to go by them.
func (h *History) settingsAt(at time.Duration) (s fsm.Settings, ttl time.Duration, steady bool) {
	for _, entry := range h.Log {
		for _, c := range entry.Commands {
			var with fsm.ClusterSettings
			switch c := c.(type) {
			case fsm.Found:
				with = c.Settings
			case fsm.ChangeSettings:
				with = c.Settings
			default:
				continue
			}
			if entry.At > at {
				return s, ttl, entry.At > at+5*time.Minute
			}
			s, ttl = with.Settings, with.BallotTTL()
		}
	}
	return s, ttl, true
}
