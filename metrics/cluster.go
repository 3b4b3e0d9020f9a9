package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"tocsin/fsm"
	"tocsin/health"
)

// standing is what an observer's newest ballot is worth here and now.
type standing string

const (
	voting     standing = "voting"
	abstaining standing = "abstaining" // it is heard, and doubts itself
	stale      standing = "stale"      // its ballot is too old, or of another process, or there is none
)

func standings() []standing { return []standing{voting, abstaining, stale} }

func (s *Scene) standing(o *fsm.Observer) standing {
	held, ok := s.Ballots.Get(o.Node, 0)
	switch {
	case !ok, held.Ballot.Epoch != o.Epoch, s.Now.Sub(held.MadeAt) >= s.View.Settings().BallotTTL():
		return stale
	case held.Ballot.Abstains != "":
		return abstaining
	}
	return voting
}

// clusterFigures are about what is replicated, and who decides. They are the
// same on all nodes, but for those that say whom this one hears.
func clusterFigures() []figure {
	return []figure{
		split(prometheus.GaugeValue, "tocsin_cluster_observers", "Nodes that count in the quorum, by what their newest ballot is worth on this node.",
			label{"standing", words(standings())}, observersByStanding),
		gauge("tocsin_cluster_quorum", "Equal votes that a decision takes, where an endpoint says nothing else.", func(s *Scene) float64 { return float64(s.needed()) }),
		gauge("tocsin_cluster_spare_observers", "Observers that vote, beyond those that a decision takes. At 0 one more failure stops the decisions, below it they have stopped.",
			func(s *Scene) float64 { return float64(s.votingObservers() - s.needed()) }),
		gauge("tocsin_cluster_spare_sites", "Sites with an observer that votes, beyond those that a decision takes. At 0 the loss of one more site stops the decisions, below it they have stopped.",
			func(s *Scene) float64 { return float64(s.spareSites()) }),
		gauge("tocsin_cluster_sites", "Different sites of the observers.", func(s *Scene) float64 { return float64(s.sites()) }),
		{
			meaning{"tocsin_cluster_oldest_ballot_seconds", "Age of the oldest ballot here of the other observers that are heard; absent if none is.", nil},
			prometheus.GaugeValue, oldestBallot,
		},
		split(prometheus.GaugeValue, "tocsin_cluster_endpoints", "Endpoints by the state that the cluster holds.",
			label{"state", statuses()}, endpointsByState),
		gauge("tocsin_cluster_blind_endpoints", "Endpoints that too few observers have had a verdict on for any decision, for a minute or more, as this node sees it: nobody is told of what happens to them.",
			func(s *Scene) float64 { return float64(s.Blind.Count()) }),
		gauge("tocsin_cluster_last_event", "The id of the newest event.", func(s *Scene) float64 { return float64(s.View.LastEvent()) }),
		gauge("tocsin_cluster_events_kept", "Events that are kept.", func(s *Scene) float64 { return float64(s.View.EventCount()) }),
		gauge("tocsin_cluster_events_awaiting_leader", "Events for which no notification has ended yet as the leader's.", func(s *Scene) float64 {
			n := 0
			for range s.View.AwaitingLeader() {
				n++
			}
			return float64(n)
		}),
		split(prometheus.GaugeValue, "tocsin_cluster_notifications_unattended", "Notifications that were given up on a node, whose endpoint has no newer event, and that nobody has seen to or asked to be run again.",
			label{name: "node"}, unattendedByNode),
		gauge("tocsin_cluster_paused_seconds", "How long the oldest pause has lasted; 0 if nothing is paused. Maintenance windows are none.", longestPause),
		gauge("tocsin_cluster_versions", "Different builds among the observers.", func(s *Scene) float64 {
			versions := make(map[string]struct{})
			for o := range s.View.Observers() {
				versions[o.Version] = struct{}{}
			}
			return float64(len(versions))
		}),
		gauge("tocsin_cluster_protocol", "The highest protocol of the log that every observer reads.", func(s *Scene) float64 { return float64(s.View.Protocol()) }),
		gauge("tocsin_cluster_protocol_in_use", "The highest protocol that was ever used: there is no way back to a build that does not read it.", func(s *Scene) float64 { return float64(s.View.ProtocolInUse()) }),
	}
}

func longestPause(s *Scene) float64 {
	longest := 0.0
	for _, p := range s.View.Holds().Pauses {
		if !p.Ended(s.Now) {
			longest = max(longest, s.Now.Sub(p.Since).Seconds())
		}
	}
	return longest
}

func observersByStanding(s *Scene, set setter) {
	count := make(map[standing]int)
	for o := range s.View.Observers() {
		count[s.standing(o)]++
	}
	for _, one := range standings() {
		set(float64(count[one]), string(one))
	}
}

func (s *Scene) needed() int { return s.View.Settings().Quorum.Of(s.View.ObserverCount()) }

func (s *Scene) votingObservers() int {
	n := 0
	for o := range s.View.Observers() {
		if s.standing(o) == voting {
			n++
		}
	}
	return n
}

func (s *Scene) sites() int {
	all := make(map[string]struct{})
	for o := range s.View.Observers() {
		all[o.Site] = struct{}{}
	}
	return len(all)
}

func (s *Scene) spareSites() int {
	votes := make(map[string]struct{})
	for o := range s.View.Observers() {
		if s.standing(o) == voting {
			votes[o.Site] = struct{}{}
		}
	}
	return len(votes) - s.View.Settings().Sites.Of(s.sites())
}

func oldestBallot(s *Scene, set setter) {
	oldest := -1.0
	for o := range s.View.Observers() {
		if held, ok := s.Ballots.Get(o.Node, 0); ok && o.Node != s.Self.Node && s.standing(o) != stale {
			oldest = max(oldest, s.Now.Sub(held.MadeAt).Seconds(), 0)
		}
	}
	if oldest >= 0 {
		set(oldest)
	}
}

func unattendedByNode(s *Scene, set setter) {
	count := make(map[string]int)
	for o := range s.View.Observers() {
		count[o.Node] = 0
	}
	for o := range s.View.Unattended() {
		count[o.Node]++
	}
	for node, n := range count {
		set(float64(n), node)
	}
}

func statuses() []string {
	return []string{health.Up.String(), health.Down.String(), health.Unknown.String()}
}

func endpointsByState(s *Scene, set setter) {
	count := make(map[health.Status]int)
	for e := range s.View.Endpoints("") {
		count[e.State]++
	}
	for _, state := range []health.Status{health.Up, health.Down, health.Unknown} {
		set(float64(count[state]), state.String())
	}
}

// MaxEndpoints is of how many endpoints the state is shown one by one at most.
const MaxEndpoints = 1000

// endpointFigures are about single endpoints, the first in order of their keys.
func endpointFigures() []figure {
	return []figure{
		split(prometheus.GaugeValue, "tocsin_endpoint_up", "1 for an endpoint that the cluster holds to be UP, 0 for DOWN; absent for UNKNOWN. Only with --metrics-endpoints, and only the first 1,000 in order of their keys.",
			label{name: "key"}, func(s *Scene, set setter) {
				shown := 0
				for e := range s.View.Endpoints("") {
					if shown++; shown > MaxEndpoints {
						return
					}
					if e.State != health.Unknown {
						set(yes(e.State == health.Up), e.Key)
					}
				}
			}),
		gauge("tocsin_endpoint_omitted", "Endpoints that are not shown one by one because there are too many. Only with --metrics-endpoints.",
			func(s *Scene) float64 { return float64(max(s.View.EndpointCount()-MaxEndpoints, 0)) }),
	}
}
