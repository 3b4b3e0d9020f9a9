package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/fsm"
)

// Why is the answer of GET /v1/why/{key}: all that somebody needs who wonders
// why an endpoint is in its state, or is not in another.
type Why struct {
	Node   string    `json:"node"`   // who answers
	Leader string    `json:"leader"` // "" while there is none
	Index  uint64    `json:"index"`
	Time   time.Time `json:"time"`
	// Endpoint is what the cluster holds of it, with each node's vote as the
	// answering node counts it.
	Endpoint EndpointStatus `json:"endpoint"`
	// Said and Needs are the arithmetic in words: how many say what, and what
	// is missing for another state.
	Said  string `json:"said"`
	Needs string `json:"needs"`
	// HeldBackBy is what holds a change back, or would, whatever the votes say.
	HeldBackBy []Obstacle `json:"held_back_by"`
	// Decided is the event that the present state comes from, absent before the
	// first decision, and when it is no longer kept.
	Decided *Event `json:"decided,omitempty"`
	// Nodes is what each node saw and says, in the order of their names.
	Nodes []NodeAccount `json:"nodes"`
	// Notifications is how far those of that event have come on each node.
	Notifications []Notification `json:"notifications"`
}

// NodeAccount is what one observer saw, and what became of its vote.
type NodeAccount struct {
	Node string `json:"node"`
	Site string `json:"site,omitempty"`
	// Vote is the one that is counted, as the answering node holds it.
	Vote fsm.Vote `json:"vote"`
	// Samples are the last checks of the node, oldest first; absent when it was
	// not heard, and then Silent says why.
	Samples []SeenSample `json:"samples"`
	Silent  string       `json:"silent,omitempty"`
}

func (s *server) whyOperation(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: "/v1/why/{key}", id: "get-why", tag: "status",
		summary: "Why an endpoint is in its state, and not in another",
		text: "What every node saw last, what became of its vote, what decided the present state, what another one takes, what holds it back, " +
			"and how far each notification has come. All nodes are asked at once; one that does not answer within 2 seconds is shown as such.",
		answers: exampleWhy(), problems: []Code{CodeNotFound, CodeBusy},
	}, s.why)
}

type whyOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  Why
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
	why.Node, why.Time = s.State.Self().Node, readableTime(count.now)
	return &whyOutput{Index: view.Index(), Body: why}, nil
}

// explain puts together what is known of e: from the state, from the count of
// the votes, and from what the nodes said.
func explain(view *fsm.View, e *fsm.Endpoint, status EndpointStatus, leader string, accounts map[string]heard[Account]) Why {
	why := Why{
		Leader: leader, Index: view.Index(), Endpoint: status,
		Said: said(status), Needs: needs(status), HeldBackBy: obstacles(status, leader),
		Nodes: nodesOf(status, accounts), Notifications: []Notification{},
	}
	if event, kept := view.Event(e.LastEvent); kept {
		why.Decided = new(eventOf(view, event))
		why.Notifications = progressOf(view, event, accounts)
	}
	return why
}

// nodesOf puts the votes and the accounts of the observers side by side.
func nodesOf(status EndpointStatus, accounts map[string]heard[Account]) []NodeAccount {
	nodes := make([]NodeAccount, len(status.Votes))
	for i, vote := range status.Votes {
		account := accounts[vote.Node]
		nodes[i] = NodeAccount{Node: vote.Node, Site: vote.Site, Vote: vote, Samples: account.answer.Samples, Silent: account.silent}
		if nodes[i].Samples == nil {
			nodes[i].Samples = []SeenSample{}
		}
	}
	return nodes
}
