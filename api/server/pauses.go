package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/access"
	"tocsin/api"
	"tocsin/fsm"
)

const pausePath = "/v1/pause"

func (s *server) pauseOperations(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: pausePath, id: "list-pauses", tag: "holds",
		summary: "List the pauses",
		text:    "Those that hold at this moment, by the clock of this node.",
		answers: api.Pauses{Pauses: []api.Pause{examplePause()}},
	}, s.pauses)
	register(s, to, operation{
		method: http.MethodPost, path: pausePath, id: "pause-endpoints", tag: "holds",
		summary: "Pause endpoints",
		text: "While a pause lasts, no change of the endpoints that it covers is committed, but for one by hand: those whose key has the prefix and that have all the labels, or all endpoints if neither is given. " +
			"Checks go on, and what they come to is shown. Afterwards the state of that moment is decided. " +
			"There is one pause of a prefix with labels: asked for again, it gets the new reason and end. " +
			"It ends after for, or at until, or when it is taken back; ends are read by the leader's wall clock.",
		takes: api.PauseRequest{Prefix: "web/", Reason: "new switches in rack 7", By: "anna", For: fsm.Duration(2 * time.Hour)}, answers: exampleHoldWritten(),
	}, s.pause)
	register(s, to, operation{
		method: http.MethodDelete, path: pausePath, id: "resume-endpoints", tag: "holds",
		summary: "Take a pause back",
		text:    "The one with exactly this prefix and these labels; the pause of all endpoints, if neither is given. What is agreed is then decided at once.",
		answers: exampleHoldWritten(), problems: []api.Code{api.CodeNotFound},
	}, s.resume)
}

type holdsInput struct {
	Consistency consistency `query:"consistency"`
}

type pausesOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.Pauses
}

type bodyInput struct{ Sent sent }

type resumeInput struct {
	Prefix string   `query:"prefix" doc:"The prefix of the pause" example:"web/"`
	Label  []string `query:"label,explode" doc:"A label of the pause, as name=value; all that it has" example:"[\"team=storage\"]"`
	Sent   sent
}

type holdWrittenOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	ETag  string `header:"ETag" doc:"The version that is there now, of a maintenance window"`
	Body  api.HoldWritten
}

func (s *server) pauses(ctx context.Context, in *holdsInput) (*pausesOutput, error) {
	view, err := s.view(ctx, in.Consistency)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	out := &pausesOutput{Index: view.Index(), Body: api.Pauses{Pauses: []api.Pause{}}}
	for _, p := range view.Holds().Pauses {
		if p.Ended(now) {
			continue
		}
		one := api.Pause{Prefix: p.Scope.Prefix, Labels: p.Scope.Labels, Reason: p.Reason, By: p.By, Since: api.ReadableTime(p.Since), Until: p.Until}
		if !p.Until.IsZero() {
			one.For = api.Readable(p.Until.Sub(now))
		}
		out.Body.Pauses = append(out.Body.Pauses, one)
	}
	return out, nil
}

func (s *server) pause(ctx context.Context, in *bodyInput) (*holdWrittenOutput, error) {
	var r api.PauseRequest
	if err := decodeBody(in.Sent.body, maxBody, &r); err != nil {
		return nil, err
	}
	p := fsm.Pause{Scope: fsm.Scope{Prefix: r.Prefix, Labels: r.Labels}, Reason: r.Reason, By: access.From(ctx).By(r.By), Since: time.Now(), Until: r.Until}
	switch {
	case r.For < 0, r.For > 0 && !r.Until.IsZero():
		return nil, api.BadRequest("for and until both say when the pause ends: give one of them, and one that is to come")
	case r.For > 0:
		p.Until = p.Since.Add(time.Duration(r.For))
	}
	result, err := s.propose(ctx, fsm.PauseEndpoints{Pause: p})
	if err != nil {
		return nil, err
	}
	if result.Changed {
		s.log.Info("endpoints paused", "scope", p.Scope.String(), "reason", p.Reason, "by", p.By, "until", p.Until, "index", result.Index, "from_address", in.Sent.from)
	}
	return holdWritten(result), nil
}

func (s *server) resume(ctx context.Context, in *resumeInput) (*holdWrittenOutput, error) {
	labels, err := labelsOf(in.Label)
	if err != nil {
		return nil, err
	}
	scope := fsm.Scope{Prefix: in.Prefix, Labels: labels}
	result, err := s.propose(ctx, fsm.ResumeEndpoints{Scope: scope})
	if err != nil {
		return nil, err
	}
	s.log.Info("endpoints resumed", "scope", scope.String(), "by", by(ctx), "index", result.Index, "from_address", in.Sent.from)
	return holdWritten(result), nil
}

func holdWritten(r fsm.Result) *holdWrittenOutput {
	out := &holdWrittenOutput{Index: r.Index, Body: api.HoldWritten{Index: r.Index, Changed: r.Changed, Added: r.Added}}
	if r.Version > 0 {
		out.ETag = etagOf(r.Version)
	}
	return out
}
