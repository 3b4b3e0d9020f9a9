package api

import (
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/quorum"
)

func (s *server) status(c *gin.Context, _ url.Values) error {
	return s.answerStatus(c, s.State.View(), nil)
}

func (s *server) statusOf(c *gin.Context, _ url.Values) error {
	key, err := pathKey(c, "key")
	if err != nil {
		return err
	}
	view := s.State.View()
	e, err := find(view, key)
	if err != nil {
		return err
	}
	return s.answerStatus(c, view, e)
}

// answerStatus writes a Status, of only one endpoint unless that is nil. The
// votes are counted by the very function that the leader decides with, though
// by this node's ballots and clock.
func (s *server) answerStatus(c *gin.Context, view *fsm.View, only *fsm.Endpoint) error {
	table := s.State.Ballots()
	now := time.Now()
	at := quorum.Moment{Now: now}
	endpoints := view.Endpoints("")
	if only != nil {
		endpoints = func(yield func(*fsm.Endpoint) bool) { yield(only) }
	}
	out := newStream(c)
	out.raw(`{"cluster":`)
	out.value(s.cluster(view, table, now))
	out.raw(`,"endpoints":[`)
	for e := range endpoints {
		if !out.element(endpointStatus(e, quorum.Ask(view, table, e, at))) {
			break
		}
	}
	return out.end("]}\n")
}

func (s *server) cluster(view *fsm.View, table *gossipdb.Table, now time.Time) Cluster {
	answer := Cluster{
		ID: view.ClusterID(), Node: s.State.Self().Node, Index: view.Index(), Time: readableTime(now),
		Observers: make([]Observer, 0, view.ObserverCount()),
		Endpoints: view.EndpointCount(), Events: view.EventCount(), LastEvent: view.LastEvent(),
		Protocol: view.Protocol(), ProtocolInUse: view.ProtocolInUse(),
		Warnings: s.Membership.Warnings(),
	}
	if leader, ok := s.Membership.Leader(); ok {
		answer.Leader = leader.Node
	}
	sites := map[string]struct{}{}
	voters := s.voters()
	for o := range view.Observers() {
		sites[o.Site] = struct{}{}
		observer := observerOf(o, table, now, view.Settings().BallotTTL())
		if voters != nil {
			observer.Voter = new(voters[o.Node])
		}
		answer.Observers = append(answer.Observers, observer)
	}
	answer.Quorum = view.Settings().Quorum.Of(view.ObserverCount())
	answer.Sites = view.Settings().Sites.Of(len(sites))
	return answer
}

// voters returns the names of those who vote in raft, nil if that can't be
// told: the rest of a status is worth having all the same.
func (s *server) voters() map[string]bool {
	servers, err := s.Membership.RaftServers()
	if err != nil {
		return nil
	}
	voters := make(map[string]bool, len(servers))
	for _, server := range servers {
		voters[server.Node] = server.Voter
	}
	return voters
}

// observerOf says when o was last heard: its ballot of the first page is its
// heartbeat.
func observerOf(o *fsm.Observer, table *gossipdb.Table, now time.Time, ttl time.Duration) Observer {
	answer := Observer{Node: o.Node, Site: o.Site, HTTP: o.HTTP, Raft: o.Raft, Gossip: o.Gossip, Version: o.Version, Protocol: o.Reads()}
	if held, ok := table.Get(o.Node, 0); ok {
		age := max(now.Sub(held.MadeAt), 0)
		answer.Fresh = age < ttl && held.Ballot.Epoch == o.Epoch
		answer.HeardAgo = new(readable(age))
		if answer.Fresh {
			answer.Abstains = held.Ballot.Abstains
		}
	}
	return answer
}

func endpointStatus(e *fsm.Endpoint, q quorum.Question) EndpointStatus {
	decided := quorum.Decide(q)
	answer := EndpointStatus{
		Key: e.Key, Value: e.Value, State: e.State, Since: readableTime(e.Since), Labels: e.Labels,
		Generation: e.Generation, Revision: e.Revision, LastEvent: e.LastEvent,
		Quorum: q.Needed(), Sites: max(q.Sites, 1), Votes: q.Votes, Tally: tallyOf(q.Votes),
		Missing: decided.Missing, HeldBack: readable(decided.Held),
	}
	if decided.Change || decided.Held > 0 {
		answer.Agreed = new(decided.To)
	}
	roundAges(answer.Votes)
	return answer
}

func roundAges(votes []fsm.Vote) {
	for i := range votes {
		votes[i].Age = readable(time.Duration(votes[i].Age))
	}
}

// readable drops the digits of a duration that nobody reads. What is above
// zero stays above it.
func readable(d time.Duration) fsm.Duration {
	if d > 0 && d < time.Millisecond {
		return fsm.Duration(time.Millisecond)
	}
	return fsm.Duration(d.Round(time.Millisecond))
}

// readableTime does the same for a time of day.
func readableTime(t time.Time) time.Time { return t.Round(time.Millisecond) }
