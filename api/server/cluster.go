package server

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
)

const (
	clusterPath = "/v1/cluster"
	memberPath  = "/v1/members/{node}"
)

func (s *server) clusterOperations(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: clusterPath, id: "get-cluster", tag: "cluster",
		summary: "Raft, as the answering node sees it",
		text:    "Who votes, who leads in which term, and how far the node that answers has come. The others are asked nothing: ask each for itself.",
		answers: exampleClusterState(), problems: []api.Code{api.CodeUnavailable},
	}, s.clusterState)
	register(s, to, operation{
		method: http.MethodPost, path: "/v1/cluster/transfer-leader", id: "transfer-leader", tag: "cluster",
		summary: "Hand the lead over",
		text: "To a node, or to any voter that is heard. It is refused if the node does not vote or is not heard: while the lead is handed over nothing can be written. " +
			"The answer comes when the next leader is known, or after 8 seconds at most.",
		answers: api.LeadTransferred{Leader: "node2", Changed: true}, problems: []api.Code{api.CodeNotFound, api.CodeUnavailable},
	}, s.transferLeader)
	register(s, to, operation{
		method: http.MethodPost, path: "/v1/members", id: "add-member", tag: "cluster",
		summary: "Take in a node that waits",
		text:    "A node that was started with --join comes in by itself. This is for one that is heard in the gossip and waits, because it was taken out before.",
		takes:   api.JoinRequest{Raft: "10.0.0.4:7000"}, answers: api.MemberChanged{Node: "node4", Changed: true}, problems: []api.Code{api.CodeNotFound, api.CodeTooOld, api.CodeUnavailable},
	}, s.addMember)
	register(s, to, operation{
		method: http.MethodDelete, path: memberPath, id: "remove-member", tag: "cluster",
		summary: "Take a node out",
		text: "It no longer counts in the quorum, and votes in nothing; it stays up to say so, until it is stopped. If it leads it hands the lead over first. " +
			"It is refused, with what to do, where the cluster could commit or decide nothing any more without it, unless force is true.",
		answers: api.MemberChanged{Node: "node4", Changed: true}, problems: []api.Code{api.CodeNotFound, api.CodeUnavailable},
	}, s.removeMember)
	register(s, to, operation{
		method: http.MethodPost, path: memberPath + "/promote", id: "promote-member", tag: "cluster",
		summary: "Have a node vote in raft before others",
		text: "It is remembered, and does not change who is watched by whom. If as many vote as may, the one that is not preferred makes room: one that is silent first, then one of the site with the most voters. " +
			"It is refused where all places are taken by nodes that are preferred themselves.",
		answers: api.MemberChanged{Node: "node4", Changed: true}, problems: []api.Code{api.CodeNotFound},
	}, s.promoteMember)
	register(s, to, operation{
		method: http.MethodDelete, path: memberPath + "/promote", id: "unpromote-member", tag: "cluster",
		summary: "Take that back",
		text:    "The node is as any other again. If it votes it goes on voting, until one that is preferred needs its place.",
		answers: api.MemberChanged{Node: "node4", Changed: true}, problems: []api.Code{api.CodeNotFound},
	}, s.unpromoteMember)
}

type clusterOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.ClusterState
}

type memberInput struct {
	Node string `path:"node" doc:"The name of the node" example:"node4"`
	Sent sent
}

type removeMemberInput struct {
	Node  string `path:"node" doc:"The name of the node" example:"node4"`
	Force string `query:"force" enum:"true,false" default:"false" doc:"true: take it out though the cluster decides nothing any more without it"`
	Sent  sent
}

type addMemberInput struct{ Sent sent }

type transferInput struct {
	Node string `query:"node" minLength:"1" doc:"The voter that is to lead; any that is heard if it is left out" example:"node2"`
	Sent sent
}

type memberChangedOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.MemberChanged
}

type transferredOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.LeadTransferred
}

func (s *server) clusterState(ctx context.Context, in *membersInput) (*clusterOutput, error) {
	view, err := s.anyView(ctx, in.Consistency)
	if err != nil {
		return nil, err
	}
	servers, err := s.Membership.RaftServers()
	if err != nil {
		return nil, api.Unavailable(err)
	}
	state := api.ClusterState{
		ID: view.ClusterID(), Node: s.State.Self().Node, Raft: s.Membership.RaftProgress(), MaxVoters: view.Settings().MaxVoters,
		Protocol: view.Protocol(), ProtocolInUse: view.ProtocolInUse(), Peers: []api.RaftPeer{},
	}
	leader, _ := s.Membership.Leader()
	state.Leader = leader.Node
	now := time.Now()
	for _, server := range servers {
		p := api.RaftPeer{Node: server.Node, Address: server.Address, Part: api.NonVoter, Leader: server.Node == leader.Node}
		if server.Voter {
			p.Part = api.Voter
			state.Voters++
		}
		if o, known := view.Observer(server.Node); known {
			heard := observerOf(o, s.State.Ballots(), now, view.Settings().BallotTTL())
			p.Observer, p.Preferred, p.Fresh, p.HeardAgo = true, o.Preferred, heard.Fresh, heard.HeardAgo
		}
		state.Peers = append(state.Peers, p)
	}
	state.Majority = state.Voters/2 + 1
	return &clusterOutput{Index: view.Index(), Body: state}, nil
}

func (s *server) transferLeader(ctx context.Context, in *transferInput) (*transferredOutput, error) {
	before, _ := s.Membership.Leader()
	leader, err := s.Membership.TransferLeadership(ctx, in.Node)
	if err != nil {
		return nil, unlessKnown(fmt.Errorf("transfer the lead: %w", err))
	}
	out := &transferredOutput{Index: s.State.View().Index(), Body: api.LeadTransferred{Leader: leader.Node, Changed: leader.Node != before.Node}}
	if out.Body.Changed {
		s.log.Info("the lead was handed over by hand", "leader", leader.Node, "by", by(ctx), "from_address", in.Sent.from)
	}
	return out, nil
}

func (s *server) addMember(ctx context.Context, in *addMemberInput) (*memberChangedOutput, error) {
	var r api.JoinRequest
	if err := decodeBody(in.Sent.body, maxBody, &r); err != nil {
		return nil, err
	}
	if err := peer.CheckAddress(r.Raft); err != nil {
		return nil, api.BadRequest("raft: %v; it is the raft address of the node, as /v1/members shows it", err)
	}
	done, err := s.takeIn(ctx, r.Raft, in.Sent.from)
	if err != nil {
		return nil, err
	}
	return &memberChangedOutput{Index: s.State.View().Index(), Body: done}, nil
}

// takeIn makes the node with that raft address a member, and tells of it if it was
// none.
func (s *server) takeIn(ctx context.Context, address, from string) (done api.MemberChanged, err error) {
	before := s.State.View()
	if err := s.Membership.JoinRaft(ctx, address); err != nil {
		return done, unlessKnown(fmt.Errorf("take in %s: %w", address, err))
	}
	for o := range s.State.View().Observers() {
		if o.Raft == address {
			_, was := before.Observer(o.Node)
			done = api.MemberChanged{Node: o.Node, Changed: !was}
		}
	}
	if done.Changed {
		s.log.Info("node joined by hand", "peer", done.Node, "address", address, "by", by(ctx), "from_address", from)
	}
	return done, nil
}

func (s *server) removeMember(ctx context.Context, in *removeMemberInput) (*memberChangedOutput, error) {
	force, err := yesOrNo("force", in.Force)
	if err != nil {
		return nil, err
	}
	if err := s.Membership.RemoveMember(ctx, in.Node, force); err != nil {
		return nil, unlessKnown(fmt.Errorf("take out %s: %w", in.Node, err))
	}
	s.log.Info("node removed by hand", "peer", in.Node, "by", by(ctx), "from_address", in.Sent.from)
	return &memberChangedOutput{Index: s.State.View().Index(), Body: api.MemberChanged{Node: in.Node, Changed: true}}, nil
}

func (s *server) promoteMember(ctx context.Context, in *memberInput) (*memberChangedOutput, error) {
	return s.prefer(ctx, in, true)
}

func (s *server) unpromoteMember(ctx context.Context, in *memberInput) (*memberChangedOutput, error) {
	return s.prefer(ctx, in, false)
}

func (s *server) prefer(ctx context.Context, in *memberInput, yes bool) (*memberChangedOutput, error) {
	result, err := s.propose(ctx, fsm.PreferVoter{Node: in.Node, Prefer: yes})
	if err != nil {
		return nil, err
	}
	if result.Changed {
		s.log.Info("who is to vote was changed by hand", "peer", in.Node, "preferred", yes, "by", by(ctx), "index", result.Index, "from_address", in.Sent.from)
	}
	return &memberChangedOutput{Index: result.Index, Body: api.MemberChanged{Node: in.Node, Changed: result.Changed}}, nil
}

func (s *server) peerTransfer(c *gin.Context, _ url.Values) error {
	asked, err := readAsked[peer.TransferRequest](c, "request")
	if err != nil {
		return err
	}
	if err := s.Peer.TransferAsLeader(c.Request.Context(), asked.To); err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, jsonType, struct{}{})
	return nil
}

func exampleClusterState() api.ClusterState {
	heard := new(fsm.Duration(800 * time.Millisecond))
	return api.ClusterState{
		ID: "GDB3C4KQ", Node: "node1", Leader: "node2", Voters: 2, Majority: 2, MaxVoters: 5, Protocol: 1, ProtocolInUse: 1,
		Raft: api.RaftProgress{State: "follower", Term: 3, CommitIndex: 43, AppliedIndex: 43, LastIndex: 43, LastContact: new(fsm.Duration(35 * time.Millisecond))},
		Peers: []api.RaftPeer{
			{Node: "node1", Address: "10.0.0.1:7000", Part: api.Voter, Observer: true, Fresh: true, HeardAgo: heard},
			{Node: "node2", Address: "10.0.0.2:7000", Part: api.Voter, Leader: true, Observer: true, Fresh: true, HeardAgo: heard},
		},
	}
}
