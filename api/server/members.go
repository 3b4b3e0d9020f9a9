package server

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/api"
	"tocsin/fsm"
)

func (s *server) memberOperations(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: "/v1/members", id: "list-members", tag: "cluster",
		summary: "Who belongs to the cluster",
		text: "A row for each node that the replicated state, the raft configuration or the gossip knows, with what each of them says of it. " +
			"disagreement says in words where they differ, which passes while a node comes or goes.",
		answers: exampleMembers(), problems: []api.Code{api.CodeUnavailable},
	}, s.members)
}

type membersInput struct {
	Consistency consistency `query:"consistency"`
}

type membersOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.Members
}

func (s *server) members(ctx context.Context, in *membersInput) (*membersOutput, error) {
	view, err := s.anyView(ctx, in.Consistency)
	if err != nil {
		return nil, err
	}
	servers, err := s.Membership.RaftServers()
	if err != nil {
		return nil, api.Unavailable(err)
	}
	rows := roster{}
	rows.observed(view, s.State, time.Now())
	for _, server := range servers {
		m := rows.row(server.Node)
		m.Raft = server.Address
		m.InRaft = api.NonVoter
		if server.Voter {
			m.InRaft = api.Voter
		}
	}
	for _, member := range s.Membership.GossipMembers() {
		m := rows.row(member.Name)
		m.Gossip = member.Address
		m.InGossip = api.Dead
		if member.Alive {
			m.InGossip = api.Alive
		}
	}
	if leader, ok := s.Membership.Leader(); ok {
		rows.row(leader.Node).Leader = true
	}
	out := &membersOutput{Index: view.Index(), Body: api.Members{Members: rows.sorted()}}
	out.Body.Warnings = s.Membership.Warnings()
	if _, err := s.known(); err != nil {
		out.Body.Disagreement = "who observes is not known here: " + err.Error()
	} else {
		out.Body.Disagreement = namesOf(out.Body).difference()
	}
	return out, nil
}

// roster holds a row for each node, by its name.
type roster map[string]*api.Member

func (r roster) row(node string) *api.Member {
	if r[node] == nil {
		r[node] = &api.Member{Node: node, InRaft: api.Absent, InGossip: api.Absent}
	}
	return r[node]
}

// observed fills in what the replicated state says, and when each was heard.
func (r roster) observed(view *fsm.View, state State, now time.Time) {
	table, ttl := state.Ballots(), view.Settings().BallotTTL()
	for o := range view.Observers() {
		heard := observerOf(o, table, now, ttl)
		m := r.row(o.Node)
		m.Observer = true
		m.Site, m.HTTP, m.Raft, m.Gossip, m.Version = o.Site, o.HTTP, o.Raft, o.Gossip, o.Version
		m.Protocol, m.Preferred = heard.Protocol, o.Preferred
		m.Fresh, m.HeardAgo, m.Abstains = heard.Fresh, heard.HeardAgo, heard.Abstains
	}
}

func (r roster) sorted() []api.Member {
	all := make([]api.Member, 0, len(r))
	for _, node := range slices.Sorted(maps.Keys(r)) {
		all = append(all, *r[node])
	}
	return all
}

// namesOf returns who is where. A node that the gossip remembers as dead and that
// nobody else knows is gone, and nothing to disagree about.
func namesOf(m api.Members) membership {
	who := membership{raft: map[string]bool{}, gossip: map[string]bool{}, observers: map[string]bool{}}
	for _, member := range m.Members {
		set := func(names map[string]bool, is bool) {
			if is {
				names[member.Node] = true
			}
		}
		set(who.raft, member.InRaft != api.Absent)
		set(who.gossip, member.InGossip == api.Alive)
		set(who.observers, member.Observer)
	}
	return who
}
