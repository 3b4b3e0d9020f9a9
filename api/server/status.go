package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/hold"
	"tocsin/quorum"
)

func (s *server) statusOperations(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: "/v1/status", id: "list-status", tag: "status",
		summary: "What the cluster holds, and why",
		text:    "The cluster as this node sees it, and of each endpoint the state, every node's vote and what is missing for a change, a page at a time: while next is there, ask again with it as the cursor.",
		answers: exampleStatus(), problems: waitProblems(),
	}, s.status)
	register(s, to, operation{
		method: http.MethodGet, path: "/v1/status/{key}", id: "get-status", tag: "status",
		summary: "What the cluster holds about one endpoint, and why",
		text:    "The cluster as this node sees it, and of this endpoint the state, every node's vote and what is missing for a change.",
		answers: exampleStatus(), problems: append(waitProblems(), api.CodeNotFound),
	}, s.statusOf)
}

type statusOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.Status
}

func (s *server) status(ctx context.Context, in *listInput) (*statusOutput, error) {
	l, err := in.read()
	if err != nil {
		return nil, err
	}
	if err := s.await(ctx, in.Index, in.Wait, prefixScope(l.prefix)); err != nil {
		return nil, err
	}
	view, err := s.view(ctx, in.Consistency)
	if err != nil {
		return nil, err
	}
	out := &statusOutput{Index: view.Index()}
	count := s.counting(view)
	out.Body.Cluster = s.cluster(count)
	out.Body.Endpoints, out.Body.Next = pageOf(l, view, func(e *fsm.Endpoint) (api.EndpointStatus, int) {
		status := count.status(e)
		return status, sizeOf(status)
	})
	return out, nil
}

func (s *server) statusOf(ctx context.Context, in *watchInput) (*statusOutput, error) {
	view, e, err := s.findChanged(ctx, in)
	if err != nil {
		return nil, err
	}
	count := s.counting(view)
	return &statusOutput{Index: view.Index(), Body: api.Status{
		Cluster: s.cluster(count), Endpoints: []api.EndpointStatus{count.status(e)},
	}}, nil
}

// counting is one moment at which votes are counted: by the very function that
// the leader decides with, though by this node's ballots and clock.
type counting struct {
	view  *fsm.View
	table *gossipdb.Table
	now   time.Time
	holds hold.Now
	blind quorum.Blindness
}

func (s *server) counting(view *fsm.View) counting {
	now := time.Now()
	return counting{view, s.State.Ballots(), now, s.book.At(view.Holds(), now), s.Membership.Blind()}
}

func (c counting) status(e *fsm.Endpoint) api.EndpointStatus {
	q := quorum.Ask(c.view, c.table, e, quorum.Moment{Now: c.now, Holds: c.holds})
	status := endpointStatus(e, q)
	if c.blind.Of(e) {
		status.Blind = q.Blind()
	}
	return status
}

// sizeOf estimates the bytes of an answer about one endpoint.
func sizeOf(e api.EndpointStatus) int {
	size := len(e.Value) + 1024
	for _, v := range e.Votes {
		size += 128 + len(v.Reason) + len(v.Excluded)
	}
	return size
}

func (s *server) cluster(c counting) api.Cluster {
	view, table, now := c.view, c.table, c.now
	answer := api.Cluster{
		ID: view.ClusterID(), Node: s.State.Self().Node, Index: view.Index(), Time: api.ReadableTime(now),
		Observers: make([]api.Observer, 0, view.ObserverCount()),
		Endpoints: view.EndpointCount(), Events: view.EventCount(), LastEvent: view.LastEvent(), GivenUp: view.UnattendedCount(),
		Protocol: view.Protocol(), ProtocolInUse: view.ProtocolInUse(),
		Warnings: s.Membership.Warnings(), HeldBackBy: c.holding(),
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
func observerOf(o *fsm.Observer, table *gossipdb.Table, now time.Time, ttl time.Duration) api.Observer {
	answer := api.Observer{Node: o.Node, Site: o.Site, HTTP: o.HTTP, Raft: o.Raft, Gossip: o.Gossip, Version: o.Version, Protocol: o.Reads()}
	if held, ok := table.Get(o.Node, 0); ok {
		age := max(now.Sub(held.MadeAt), 0)
		answer.Fresh = age < ttl && held.Ballot.Epoch == o.Epoch
		answer.HeardAgo = new(api.Readable(age))
		if answer.Fresh {
			answer.Abstains = held.Ballot.Abstains
		}
	}
	return answer
}

func endpointStatus(e *fsm.Endpoint, q quorum.Question) api.EndpointStatus {
	decided := quorum.Decide(q)
	answer := api.EndpointStatus{
		Key: e.Key, Value: e.Value, State: e.State, Since: api.ReadableTime(e.Since), Labels: e.Labels,
		Generation: e.Generation, Revision: e.Revision, LastEvent: e.LastEvent,
		Quorum: q.Needed(), Sites: max(q.Sites, 1), Votes: append([]fsm.Vote{}, q.Votes...), Tally: tallyOf(q.Votes),
		Missing: decided.Missing, HeldBackBy: heldBy(q, decided), Parents: e.Parents,
	}
	if decided.To != health.Unknown {
		answer.Agreed = new(decided.To)
	}
	roundAges(answer.Votes)
	return answer
}

func roundAges(votes []fsm.Vote) {
	for i := range votes {
		votes[i].Age = api.Readable(time.Duration(votes[i].Age))
	}
}
