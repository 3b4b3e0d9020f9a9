package quorum

import (
	"time"

	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/hold"
)

// Why a vote does not count, in the words of the evidence. The two that people
// see every day are for others to tell from the rest.
const (
	ExcludedNoBallot      = "no ballot"
	excludedOlder         = "older process"
	excludedNewer         = "newer process"
	ExcludedStale         = "stale"
	excludedBeforeOffice  = "before the leader took office"
	excludedBeforeAwake   = "before the leader stood still"
	excludedAhead         = "ahead of this node"
	excludedBeforeAdded   = "before the endpoint was added"
	excludedBeforeChanged = "before the value was changed"
)

// Moment is when votes are counted, by this node's monotonic clock but for
// Holds.
type Moment struct {
	Now time.Time
	// Since is when the leader that counts took office: ballots made before
	// it do not count. Zero means that all do, which is for those who only
	// want to show the votes.
	Since time.Time
	// Awake is when this process last came out of a standstill: ballots made
	// before it do not count. Zero means that all do.
	Awake time.Time
	// Holds is what pauses and windows hold at that moment, by this node's wall
	// clock.
	Holds hold.Now
	// Falling is how many endpoints are on their way to DOWN: a leader's.
	Falling int
	// TTL is the age from which on a ballot counts for nothing. Zero means
	// what the settings of the cluster say.
	TTL time.Duration
}

// Votes returns one vote of each observer about e, in order of their names.
// Votes that do not count say why in Excluded.
func Votes(view *fsm.View, table *gossipdb.Table, e *fsm.Endpoint, at Moment) []fsm.Vote {
	return Ask(view, table, e, at).Votes
}

// Ask gathers everything that a decision about e depends on. The endpoint has
// to be of that view.
func Ask(view *fsm.View, table *gossipdb.Table, e *fsm.Endpoint, at Moment) Question {
	r := rosterOf(view)
	q := r.ask(make([]fsm.Vote, 0, len(r.observers)), view, table, e, at)
	q.Votes = conceal(q.Votes)
	return q
}

// roster is who may vote. It holds for as many Views as have the same
// observers, and saves looking them up for each endpoint.
type roster struct {
	observers []*fsm.Observer // in order of their names
	sites     int             // how many they stand in
}

func rosterOf(view *fsm.View) roster {
	r := roster{observers: make([]*fsm.Observer, 0, view.ObserverCount())}
	sites := make(map[string]struct{})
	for o := range view.Observers() {
		r.observers = append(r.observers, o)
		sites[o.Site] = struct{}{}
	}
	r.sites = len(sites)
	return r
}

// isOf reports whether view has the very same observers. Records are
// shared between Views as long as they do not change.
func (r roster) isOf(view *fsm.View) bool {
	if view.ObserverCount() != len(r.observers) {
		return false
	}
	i := 0
	for o := range view.Observers() {
		if o != r.observers[i] {
			return false
		}
		i++
	}
	return true
}

// ask is Ask with the votes appended to into[:0]. Verdicts on an earlier
// endpoint of the same slot are still in them, excluded: see conceal.
func (r roster) ask(into []fsm.Vote, view *fsm.View, table *gossipdb.Table, e *fsm.Endpoint, at Moment) Question {
	if at.TTL == 0 {
		at.TTL = view.Settings().BallotTTL()
	}
	votes := into[:0]
	for _, o := range r.observers {
		votes = append(votes, vote(view, table, e, at, o))
	}
	settings := view.SettingsOf(e)
	q := Question{
		State:    e.State,
		Votes:    votes,
		Quorum:   settings.Quorum.Of(len(r.observers)),
		Sites:    settings.Sites.Of(r.sites),
		Cooldown: time.Duration(settings.Cooldown),
		Holds:    at.Holds.On(view, e), HoldsDown: hold.Braked(view, at.Falling),
	}
	// The baseline is notified to nobody, so it holds nothing back.
	if last, kept := view.Event(e.LastEvent); kept && !last.Baseline {
		q.HasEvents, q.SinceLast = true, at.Now.Sub(last.AppliedAt)
	}
	return q
}

// vote is what o says about e.
func vote(view *fsm.View, table *gossipdb.Table, e *fsm.Endpoint, at Moment, o *fsm.Observer) fsm.Vote {
	v := fsm.Vote{Node: o.Node, Site: o.Site}
	held, ok := table.Get(o.Node, gossipdb.PageOf(e.Slot))
	if !ok {
		v.Excluded = ExcludedNoBallot
		return v
	}
	// A ballot may have come in after Now was read.
	age := max(at.Now.Sub(held.MadeAt), 0)
	v.Age = fsm.Duration(age)
	v.Verdict, v.Reason = held.Ballot.Verdict(e.Slot), held.Ballot.Reason(e.Slot)
	v.Excluded = exclusion(view, e, at, o, held, age)
	return v
}

// exclusion returns why a ballot does not count for e, empty if it does. What
// is worst comes first: a node that is gone is rather called stale than
// reproached with the election it missed.
func exclusion(view *fsm.View, e *fsm.Endpoint, at Moment, o *fsm.Observer, held gossipdb.Held, age time.Duration) string {
	switch b := held.Ballot; {
	case b.Epoch < o.Epoch:
		return excludedOlder
	case b.Epoch > o.Epoch:
		return excludedNewer
	case age >= at.TTL:
		return ExcludedStale
	case held.MadeAt.Before(at.Since):
		return excludedBeforeOffice
	case held.MadeAt.Before(at.Awake):
		return excludedBeforeAwake
	case b.Index > view.Index():
		return excludedAhead
	case b.Index < e.Generation:
		return excludedBeforeAdded
	case b.Index < e.Revision:
		return excludedBeforeChanged
	}
	return ""
}
