package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/access"
	"tocsin/api"
	"tocsin/calendar"
	"tocsin/fsm"
	"tocsin/hold"
)

const (
	windowsPath = "/v1/maintenance"
	windowPath  = "/v1/maintenance/{name}"
)

func (s *server) maintenanceOperations(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: windowsPath, id: "list-windows", tag: "holds",
		summary: "List the maintenance windows",
		text:    "With when each is open, and will be, by the clock of this node.",
		answers: api.Windows{Windows: []api.Window{exampleWindow()}},
	}, s.windows)
	register(s, to, operation{
		method: http.MethodGet, path: windowPath, id: "get-window", tag: "holds",
		summary: "Show a maintenance window",
		text:    "The ETag names its version.",
		answers: exampleWindow(), problems: []api.Code{api.CodeNotFound},
	}, s.window)
	register(s, to, operation{
		method: http.MethodPut, path: windowPath, id: "put-window", tag: "holds",
		summary: "Add a maintenance window, or make it another",
		text: "While it is open it does what a pause does. It begins again and again, as a cron expression says by the clocks of a time zone (UTC unless told), or once, at from; and lasts for duration each time, 1m to 336h. " +
			"A beginning that the clocks leave out comes as much later as they are put forward, and one that they show twice comes once, the first time. " +
			"One that came once is removed when it is over.",
		takes: exampleWindow().WindowRequest, answers: exampleHoldWritten(),
	}, s.putWindow)
	register(s, to, operation{
		method: http.MethodDelete, path: windowPath, id: "delete-window", tag: "holds",
		summary: "Remove a maintenance window",
		text:    "If it is open, what is agreed is decided at once.",
		answers: exampleHoldWritten(), problems: []api.Code{api.CodeNotFound},
	}, s.deleteWindow)
}

type windowInput struct {
	Name        string      `path:"name" doc:"The name: letters, digits, dot, dash and underscore" example:"nightly"`
	Consistency consistency `query:"consistency"`
}

type writeWindowInput struct {
	Name        string `path:"name" doc:"The name: letters, digits, dot, dash and underscore" example:"nightly"`
	IfMatch     string `header:"If-Match" doc:"Only if it exists in the version of this ETag; * for any version" example:"\"17\""`
	IfNoneMatch string `header:"If-None-Match" doc:"* for: only if it does not exist" example:"*"`
	Sent        sent
}

type windowsOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.Windows
}

type windowOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	ETag  string `header:"ETag" doc:"Its version"`
	Body  api.Window
}

func (s *server) windows(ctx context.Context, in *holdsInput) (*windowsOutput, error) {
	view, err := s.view(ctx, in.Consistency)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	out := &windowsOutput{Index: view.Index(), Body: api.Windows{Windows: []api.Window{}}}
	for _, w := range view.Holds().Windows {
		out.Body.Windows = append(out.Body.Windows, windowOf(w, now))
	}
	return out, nil
}

func (s *server) window(ctx context.Context, in *windowInput) (*windowOutput, error) {
	view, err := s.view(ctx, in.Consistency)
	if err != nil {
		return nil, err
	}
	w, ok := view.Holds().Window(in.Name)
	if !ok {
		return nil, api.NotFound("there is no maintenance window %.80q: see \"tocsin maintenance list\"", in.Name)
	}
	return &windowOutput{Index: view.Index(), ETag: etagOf(w.Configured), Body: windowOf(w, time.Now())}, nil
}

func windowOf(w *fsm.Window, now time.Time) api.Window {
	answer := api.Window{
		Name: w.Name, Configured: w.Configured,
		WindowRequest: api.WindowRequest{
			Prefix: w.Scope.Prefix, Labels: w.Scope.Labels, Reason: w.Reason, By: w.By,
			Cron: w.Cron, Zone: w.Zone, From: w.From, Duration: w.Duration,
		},
	}
	open, next := hold.Times(w, now)
	answer.Open, answer.Next = stretchOf(open), stretchOf(next)
	if err := hold.Fault(w); err != nil {
		answer.Problem = api.OneLine(err.Error())
	}
	return answer
}

func stretchOf(s calendar.Span) *api.Stretch {
	if s.From.IsZero() {
		return nil
	}
	return &api.Stretch{From: s.From, To: s.To}
}

func (s *server) putWindow(ctx context.Context, in *writeWindowInput) (*holdWrittenOutput, error) {
	condition, err := conditionOf(in.IfMatch, in.IfNoneMatch)
	if err != nil {
		return nil, err
	}
	var r api.WindowRequest
	if err := decodeBody(in.Sent.body, maxBody, &r); err != nil {
		return nil, err
	}
	w := fsm.Window{
		Name: in.Name, Scope: fsm.Scope{Prefix: r.Prefix, Labels: r.Labels}, Reason: r.Reason, By: access.From(ctx).By(r.By),
		Cron: r.Cron, Zone: r.Zone, From: r.From, Duration: r.Duration,
	}
	if end := r.From.Add(time.Duration(r.Duration)); r.Cron == "" && !r.From.IsZero() && r.Duration > 0 && !end.After(time.Now()) {
		return nil, api.BadRequest("the window would be over already: it ends at %s; give a from that is to come", end.UTC().Format(time.RFC3339))
	}
	result, err := s.propose(ctx, fsm.SetWindow{Window: w, If: condition})
	if err != nil {
		return nil, err
	}
	if result.Changed {
		s.log.Info("maintenance window set", "window", w.Name, "scope", w.Scope.String(), "by", w.By, "index", result.Index, "from_address", in.Sent.from)
	}
	return holdWritten(result), nil
}

func (s *server) deleteWindow(ctx context.Context, in *writeWindowInput) (*holdWrittenOutput, error) {
	condition, err := conditionOf(in.IfMatch, in.IfNoneMatch)
	if err != nil {
		return nil, err
	}
	result, err := s.propose(ctx, fsm.DeleteWindow{Name: in.Name, If: condition})
	if err != nil {
		return nil, err
	}
	s.log.Info("maintenance window deleted", "window", in.Name, "by", by(ctx), "index", result.Index, "from_address", in.Sent.from)
	return holdWritten(result), nil
}
