package sim

import "tocsin/clustertest/check"

// What must be seen to have happened over a run of many seeds, or the run
// proved little.
const (
	LeaderChangedInScript = "the leader changed in the middle of a script"
	SnapshotInstalled     = "a snapshot was installed on a follower"
	GapReported           = "a gap was reported"
	GivenUp               = "a notification was given up"
	RunAgain              = "what was given up was run again because somebody asked"
	SupersededSeen        = "a notification was superseded"
	TakenOver             = "a leader took over a notification"
	HeldBack              = "a cooldown held a change back"
	PausedBack            = "a pause held a change back"
	ParentHeld            = "a parent held a change back"
	Braked                = "the brake held a change back"
	ByHand                = "a state was set by hand"
	UncertainDone         = "an uncertain write had happened"
	UncertainNotDone      = "an uncertain write had not happened"
	Abstained             = "a node's vote did not count, and later did"
	DiedInScript          = "a node died in the middle of a script"
	VoterMadeRoom         = "a voter made room for one that is preferred"
	AddedAgain            = "an endpoint was deleted and added again"
)

// Sometimes returns all of them.
func Sometimes() []string {
	return append(harms(), []string{
		LeaderChangedInScript, SnapshotInstalled, GapReported, GivenUp, RunAgain, SupersededSeen, TakenOver, HeldBack, PausedBack, ParentHeld, Braked, ByHand,
		UncertainDone, UncertainNotDone, Abstained, DiedInScript, AddedAgain, string(DealAnew), VoterMadeRoom,
	}...)
}

// leads records the beginning of a term.
func (r *recorder) leads(node string, term uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history.Terms = append(r.history.Terms, check.Term{Node: node, Number: term, At: r.now()})
	if r.runningLocked() {
		r.counts[LeaderChangedInScript]++
	}
}

// countAfterwards counts what only the whole history shows.
func (r *recorder) countAfterwards(h *check.History) {
	for _, w := range h.Writes {
		if w.Uncertain && h.Has(w.Command) {
			r.counts[UncertainDone]++
		} else if w.Uncertain {
			r.counts[UncertainNotDone]++
		}
	}
	abstained := map[string]bool{}
	generations := map[string]uint64{}
	for _, e := range h.Events {
		if e.Manual != nil {
			r.counts[ByHand]++
		}
		for _, v := range e.Votes {
			if v.Excluded == "" && abstained[v.Node] {
				r.counts[Abstained]++
			}
			abstained[v.Node] = v.Excluded != ""
		}
		if g := generations[e.Key]; g != 0 && g != e.Generation {
			r.counts[AddedAgain]++
		}
		generations[e.Key] = e.Generation
	}
	for _, run := range h.Runs {
		if run.Cut {
			r.counts[DiedInScript]++
		}
	}
}
