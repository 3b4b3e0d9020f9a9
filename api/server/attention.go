package server

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/access"
	"tocsin/api"
	"tocsin/fsm"
)

const notificationPath = "/v1/notifications/{id}"

func (s *server) attentionOperations(to huma.API) {
	why, attended := exampleWhy(), api.Attended{Event: 42, Index: 57, Changed: true, Nodes: []string{"node3"}}
	register(s, to, operation{
		method: http.MethodGet, path: notificationPath, id: "get-notification", tag: "status",
		summary: "How far the notification of one event has come on each node",
		text:    "The id is that of the event. What has ended is known to every node; what has not is asked of each node, all at once, and one that does not answer within 2 seconds is shown as such.",
		answers: api.EventNotifications{Event: exampleEvent(), Notifications: why.Notifications}, problems: []api.Code{api.CodeNotFound, api.CodeBusy},
	}, s.notification)
	register(s, to, operation{
		method: http.MethodPost, path: notificationPath + "/retry", id: "retry-notification", tag: "status",
		summary: "Run again what was given up",
		text: "On one node, or on each where it was given up. It is asked for in the log: a node that is away does it when it is back. Attempts are allowed as the first time, and go on being counted. " +
			"Only the newest event of an endpoint can be run again, for nothing is ever run out of order; should a newer one come first, that takes its place. " +
			"Where the leader's run was given up, whoever leads now runs it as the leader. What is asked for twice is done once.",
		answers: attended, problems: []api.Code{api.CodeNotFound},
	}, s.retryNotification)
	register(s, to, operation{
		method: http.MethodPost, path: notificationPath + "/ack", id: "ack-notification", tag: "status",
		summary: "Say that somebody has seen to what was given up",
		text: "On one node, or on each where it was given up. It is shown with the notification, which calls for nobody's attention any more: not in tocsin status, not in state=gave-up, not in the metrics. " +
			"Nothing is run; a retry that is asked for later takes it back.",
		takes: api.AckRequest{By: "ana", Why: "switched by hand"}, answers: attended, problems: []api.Code{api.CodeNotFound},
	}, s.ackNotification)
}

type notificationInput struct {
	ID          string      `path:"id" doc:"The id of the event" example:"42"`
	Consistency consistency `query:"consistency"`
}

type notificationOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.EventNotifications
}

// attendInput names what was given up. The body is read by the handler.
type attendInput struct {
	ID   string `path:"id" doc:"The id of the event" example:"42"`
	Node string `query:"node" minLength:"1" doc:"Only on this node" example:"node3"`
	Sent sent
}

type attendedOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.Attended
}

func (s *server) notification(ctx context.Context, in *notificationInput) (*notificationOutput, error) {
	id, err := pathEvent(in.ID)
	if err != nil {
		return nil, err
	}
	view, err := s.view(ctx, in.Consistency)
	if err != nil {
		return nil, err
	}
	e, kept := view.Event(id)
	if !kept {
		return nil, noEvent(id)
	}
	accounts, err := s.accounts(ctx, view, e.Key)
	if err != nil {
		return nil, err
	}
	view = s.State.View() // while the nodes were asked, things went on
	return &notificationOutput{Index: view.Index(), Body: api.EventNotifications{
		Event: eventOf(view, e), Notifications: progressOf(view, e, accounts), Silent: silentOf(accounts, ""),
	}}, nil
}

func (s *server) retryNotification(ctx context.Context, in *attendInput) (*attendedOutput, error) {
	id, err := pathEvent(in.ID)
	if err != nil {
		return nil, err
	}
	out, err := s.attend(ctx, id, fsm.RetryNotification{Event: id, Node: in.Node})
	if err == nil && out.Body.Changed {
		s.log.Info("what was given up is to be run again", "event", id, "nodes", out.Body.Nodes, "index", out.Index, "from_address", in.Sent.from)
	}
	return out, err
}

func (s *server) ackNotification(ctx context.Context, in *attendInput) (*attendedOutput, error) {
	id, err := pathEvent(in.ID)
	if err != nil {
		return nil, err
	}
	var r api.AckRequest
	if err := decodeBody(in.Sent.body, maxBody, &r); err != nil {
		return nil, err
	}
	r.By = access.From(ctx).By(r.By)
	out, err := s.attend(ctx, id, fsm.AckNotification{Event: id, Node: in.Node, Ack: fsm.Ack{By: r.By, Why: r.Why, Time: time.Now()}})
	if err == nil && out.Body.Changed {
		s.log.Info("somebody has seen to what was given up", "event", id, "nodes", out.Body.Nodes, "by", r.By, "reason", r.Why, "index", out.Index, "from_address", in.Sent.from)
	}
	return out, err
}

func (s *server) attend(ctx context.Context, event uint64, command fsm.Command) (*attendedOutput, error) {
	result, err := s.propose(ctx, command)
	if err != nil {
		return nil, err
	}
	done := api.Attended{Event: event, Index: result.Index, Changed: result.Changed, Nodes: result.Nodes}
	if done.Nodes == nil {
		done.Nodes = []string{}
	}
	return &attendedOutput{Index: result.Index, Body: done}, nil
}

// pathEvent reads the id of an event in a path.
func pathEvent(text string) (uint64, error) {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil || id == 0 {
		return 0, api.BadRequest("%.40q is not the id of an event, a number such as 42: see \"tocsin notifications list\"", text)
	}
	return id, nil
}

func noEvent(id uint64) error {
	return api.NotFound("there is no event %d, or it is kept no more: see \"tocsin events\"", id)
}
