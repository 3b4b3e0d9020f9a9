package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
)

func (s *server) whyOperation(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: "/v1/why/{key}", id: "get-why", tag: "status",
		summary: "Why an endpoint is in its state, and not in another",
		text: "What every node saw last, what became of its vote, what decided the present state, what another one takes, what holds it back, " +
			"and how far each notification has come. All nodes are asked at once; one that does not answer within 2 seconds is shown as such.",
		answers: exampleWhy(), problems: []api.Code{api.CodeNotFound, api.CodeBusy},
	}, s.why)
}

type whyOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.Why
}

func (s *server) why(ctx context.Context, in *keyInput) (*whyOutput, error) {
	view, e, err := s.find(ctx, in)
	if err != nil {
		return nil, err
	}
	accounts, err := s.accounts(ctx, view, e.Key)
	if err != nil {
		return nil, err
	}
	// While the nodes were asked, things went on.
	view = s.State.View()
	if e, err = find(view, in.Key); err != nil {
		return nil, err
	}
	leader, _ := s.Membership.Leader()
	count := s.counting(view)
	why := explain(view, e, count.status(e), leader.Node, accounts)
	why.Node, why.Time = s.State.Self().Node, api.ReadableTime(count.now)
	return &whyOutput{Index: view.Index(), Body: why}, nil
}

// explain puts together what is known of e: from the state, from the count of
// the votes, and from what the nodes said.
func explain(view *fsm.View, e *fsm.Endpoint, status api.EndpointStatus, leader string, accounts map[string]heard[peer.Account]) api.Why {
	why := api.Why{
		Leader: leader, Index: view.Index(), Endpoint: status,
		Said: said(status), Needs: needs(status), HeldBackBy: obstacles(status, leader),
		Nodes: nodesOf(status, accounts), Notifications: []api.Notification{},
	}
	if event, kept := view.Event(e.LastEvent); kept {
		why.Decided = new(eventOf(view, event))
		why.Notifications = progressOf(view, event, accounts)
	}
	return why
}

// nodesOf puts the votes and the accounts of the observers side by side.
func nodesOf(status api.EndpointStatus, accounts map[string]heard[peer.Account]) []api.NodeAccount {
	nodes := make([]api.NodeAccount, len(status.Votes))
	for i, vote := range status.Votes {
		account := accounts[vote.Node]
		nodes[i] = api.NodeAccount{Node: vote.Node, Site: vote.Site, Vote: vote, Samples: account.answer.Samples, Silent: account.silent}
		if nodes[i].Samples == nil {
			nodes[i].Samples = []api.SeenSample{}
		}
	}
	return nodes
}
