package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/access"
	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
)

func (s *server) forceOperation(to huma.API) {
	register(s, to, operation{
		method: http.MethodPost, path: "/v1/endpoints/{key}/state", id: "force-state", tag: "endpoints",
		summary: "Set the state of an endpoint by hand",
		text: "It is an event like any other, and notified like any other, with who did it and why in place of votes (manual). No cooldown and no pause holds it back. " +
			"The checks go on: if they disagree, they change it back when the cooldown that it has begun is over. Pause the endpoint first to keep it. " +
			"If it is in that state already, nothing is done. The first state of an endpoint is its baseline, by hand too: it is notified to nobody.",
		takes: api.StateRequest{State: health.Down, Reason: "the disks are being replaced", By: "anna"}, answers: exampleWritten(), problems: []api.Code{api.CodeNotFound},
	}, s.force)
}

type forceInput struct {
	Key  string `path:"key" doc:"The key; a slash in it is written %2F" example:"web"`
	Sent sent
}

func (s *server) force(ctx context.Context, in *forceInput) (*writtenOutput, error) {
	if err := checkedKey(in.Key); err != nil {
		return nil, err
	}
	var r api.StateRequest
	if err := decodeBody(in.Sent.body, maxBody, &r); err != nil {
		return nil, err
	}
	r.By = access.From(ctx).By(r.By)
	result, err := s.propose(ctx, fsm.ForceState{Key: in.Key, To: r.State, Manual: fsm.Manual{Reason: r.Reason, By: r.By}})
	if err != nil {
		return nil, err
	}
	if result.Changed {
		s.log.Info("state set by hand", "key", in.Key, "to", r.State, "reason", r.Reason, "by", r.By, "event", result.Index, "from_address", in.Sent.from)
	}
	return written(in.Key, result), nil
}
