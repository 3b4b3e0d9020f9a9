package check

import (
	"time"

	"tocsin/fsm"
)

// Bounded checks that attempts stay bounded. In one pass (as what a node is told
// to do, or again after it took over the leader's run) a script that fails is run
// no more often than the settings allow; a run in the middle of which the node
// died (see cutShort) is made up for once beyond that. A new pass begins only after the one
// before has ended.
func Bounded(h *History) []Violation {
	f := found{invariant: 14}
	ended := map[delivery][]Ending{}
	for _, e := range h.Endings {
		d := delivery{e.Node, e.Event}
		ended[d] = append(ended[d], e)
	}
	committed := h.eventsByID()
	passes := map[delivery]*pass{}
	for _, r := range h.Runs {
		e, known := committed[r.Event]
		if !known {
			continue // DeletedIsSilent says so
		}
		d := delivery{r.Node, r.Event}
		p := passes[d]
		if p == nil || p.over(h, r, ended[d]) {
			p = &pass{}
			passes[d] = p
		}
		p.last = r
		p.runs++
		if h.cutShort(r) {
			p.cut++
		}
		allowed := h.attemptsAllowed(e.At, r.From)
		if p.runs > allowed+min(p.cut, 1) && p.runs > p.said {
			p.said = 10 * p.runs // once is enough
			f.add(r.Key, r.Node, r.From, "%s runs event %d of %s for the %dth time, %d of them cut short, and %d attempts are allowed",
				r.Node, r.Event, r.Key, p.runs, p.cut, allowed)
		}
	}
	return f.all
}

// pass is what is made of one notification until it ends.
type pass struct {
	last      Run
	runs, cut int
	said      int
}

// over reports whether the pass had ended when r was started, or its disk was
// lost.
func (p *pass) over(h *History, r Run, ended []Ending) bool {
	if h.origin(r.Node, r.Life) != h.origin(p.last.Node, p.last.Life) {
		return true
	}
	for _, e := range ended {
		if e.At >= p.last.From && e.At <= r.From {
			return true
		}
	}
	return false
}

// attemptsAllowed returns the most attempts that any settings allow that held
// between two moments.
func (h *History) attemptsAllowed(from, to time.Duration) int {
	most := 0
	for _, entry := range h.Log {
		if entry.At > to {
			break
		}
		for _, c := range entry.Commands {
			var attempts int
			switch c := c.(type) {
			case fsm.Found:
				attempts = c.Settings.NotifyAttempts
			case fsm.ChangeSettings:
				attempts = c.Settings.NotifyAttempts
			default:
				continue
			}
			if entry.At <= from {
				most = 0 // what held before does not count
			}
			most = max(most, attempts)
		}
	}
	return most
}
