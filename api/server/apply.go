package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/api"
	"tocsin/fsm"
)

// maxApply bounds a declaration: all of it becomes one entry of the log, and
// holds up the others while it is replicated.
const maxApply = 4 << 20

func (s *server) applyOperation(to huma.API) {
	register(s, to, operation{
		method: http.MethodPost, path: "/v1/endpoints:apply", id: "apply-endpoints", tag: "endpoints",
		summary: "Make endpoints be as declared, all or none",
		text: "Each endpoint of the list is added, or made to be exactly as it is given: settings, labels and parents that are left out are dropped. " +
			"Others are left alone, unless prune covers them, by a prefix, by labels or by both: then they are deleted. " +
			"What is listed must be covered too. It is one entry of the log: all of it is done, or nothing, and the answer is what it changed. " +
			"With dry_run nothing is done, and the answer is what would be changed as far as this node knows. " +
			"At most 10000 endpoints and 4 MiB.",
		takes: exampleApply(), answers: exampleApplied(),
	}, s.apply)
}

type applyInput struct{ Sent sent }

type appliedOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.Applied
}

func (s *server) apply(ctx context.Context, in *applyInput) (*appliedOutput, error) {
	var r api.ApplyRequest
	if err := decodeBody(in.Sent.body, maxApply, &r); err != nil {
		return nil, err
	}
	if r.Endpoints == nil {
		return nil, api.BadRequest("the field endpoints is missing: list the endpoints as they are to be, or write [] for none")
	}
	for _, d := range r.Endpoints {
		if err := s.scriptsExist(&d.Overrides); err != nil {
			return nil, api.BadRequest("endpoint %.80q: %v", d.Key, err)
		}
	}
	declared := fsm.DeclareEndpoints{Endpoints: r.Endpoints, Prune: r.Prune}
	if r.DryRun {
		return s.wouldApply(declared)
	}
	result, err := s.propose(ctx, declared)
	if err != nil {
		return nil, err
	}
	out := &appliedOutput{Index: result.Index, Body: api.Applied{Index: result.Index, Difference: *result.Difference}}
	if result.Changed {
		d := result.Difference
		s.log.Info("endpoints applied", "added", len(d.Added), "changed", len(d.Changed), "deleted", len(d.Deleted),
			"index", result.Index, "from_address", in.Sent.from)
	}
	return out, nil
}

// wouldApply tells what a declaration would do, as far as this node knows.
func (s *server) wouldApply(c fsm.DeclareEndpoints) (*appliedOutput, error) {
	view, err := s.known()
	if err != nil {
		return nil, err
	}
	if refused := fsm.Validate(view, c); refused != nil {
		return nil, refused
	}
	return &appliedOutput{Index: view.Index(), Body: api.Applied{Index: view.Index(), DryRun: true, Difference: view.Difference(c)}}, nil
}
