package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/api"
	"tocsin/fsm"
)

const (
	endpointsPath = "/v1/endpoints"
	endpointPath  = "/v1/endpoints/{key}"
)

func (s *server) endpointOperations(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: endpointsPath, id: "list-endpoints", tag: "endpoints",
		summary: "List endpoints",
		text:    "Endpoints in the order of their keys, a page at a time: while next is there, ask again with it as the cursor.",
		answers: api.Endpoints{Endpoints: []api.Endpoint{exampleEndpoint()}, Next: cursorAfter("web")}, problems: waitProblems(),
	}, s.endpoints)
	register(s, to, operation{
		method: http.MethodGet, path: endpointPath, id: "get-endpoint", tag: "endpoints",
		summary: "Show an endpoint",
		text:    "The endpoint with the settings of its own, those that hold for it, and the state that the cluster holds. The ETag names the version of its value, settings and labels.",
		answers: exampleEndpoint(), problems: append(waitProblems(), api.CodeNotFound),
	}, s.endpoint)
	register(s, to, operation{
		method: http.MethodPut, path: endpointPath, id: "put-endpoint", tag: "endpoints",
		summary: "Add an endpoint, or set what it is",
		text:    "Settings, labels and parents that are given take the place of all that the endpoint has; those that are left out stay as they are. No change of an endpoint is committed while a parent of it is DOWN, or a parent of that.",
		takes:   exampleRequest(), answers: exampleWritten(),
	}, s.putEndpoint)
	register(s, to, operation{
		method: http.MethodPatch, path: endpointPath, id: "patch-endpoint", tag: "endpoints",
		summary: "Add an endpoint, or change one",
		text:    "Each setting and label that is given is put over the one that the endpoint has; all others stay as they are. Parents that are given take the place of those that it has.",
		takes:   exampleRequest(), answers: exampleWritten(),
	}, s.patchEndpoint)
	register(s, to, operation{
		method: http.MethodDelete, path: endpointPath, id: "delete-endpoint", tag: "endpoints",
		summary: "Delete an endpoint",
		text:    "It is watched no more, on any node, and what was seen of it is forgotten. Its events stay in the history.",
		answers: exampleWritten(), problems: []api.Code{api.CodeNotFound},
	}, s.deleteEndpoint)
}

// keyInput names one endpoint to be read.
type keyInput struct {
	Key         string      `path:"key" doc:"The key; a slash in it is written %2F" example:"web"`
	Consistency consistency `query:"consistency"`
}

// watchInput names one endpoint to be read, when it has changed.
type watchInput struct {
	Key         string      `path:"key" doc:"The key; a slash in it is written %2F" example:"web"`
	Index       waitIndex   `query:"index"`
	Wait        waitTime    `query:"wait"`
	Consistency consistency `query:"consistency"`
}

// writeInput names one endpoint to be written. The body is read by the handler.
type writeInput struct {
	Key         string `path:"key" doc:"The key; a slash in it is written %2F" example:"web"`
	IfMatch     string `header:"If-Match" doc:"Only if it exists in the version of this ETag; * for any version" example:"\"17\""`
	IfNoneMatch string `header:"If-None-Match" doc:"* for: only if it does not exist" example:"*"`
	Sent        sent
}

type endpointsOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.Endpoints
}

type endpointOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	ETag  string `header:"ETag" doc:"The version of its value, settings and labels"`
	Body  api.Endpoint
}

type writtenOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	ETag  string `header:"ETag" doc:"The version that is there now; none after a deletion"`
	Body  api.Written
}

func (s *server) endpoints(ctx context.Context, in *listInput) (*endpointsOutput, error) {
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
	all, next := pageOf(l, view, func(e *fsm.Endpoint) (api.Endpoint, int) {
		return endpointOf(view, e), len(e.Value) + 1024
	})
	return &endpointsOutput{Index: view.Index(), Body: api.Endpoints{Endpoints: all, Next: next}}, nil
}

func (s *server) endpoint(ctx context.Context, in *watchInput) (*endpointOutput, error) {
	view, e, err := s.findChanged(ctx, in)
	if err != nil {
		return nil, err
	}
	return &endpointOutput{Index: view.Index(), ETag: etagOf(e.Configured), Body: endpointOf(view, e)}, nil
}

// find returns the endpoint that is asked for, and the View it is of.
func (s *server) find(ctx context.Context, in *keyInput) (*fsm.View, *fsm.Endpoint, error) {
	if err := checkedKey(in.Key); err != nil {
		return nil, nil, err
	}
	view, err := s.view(ctx, in.Consistency)
	if err != nil {
		return nil, nil, err
	}
	e, err := find(view, in.Key)
	return view, e, err
}

// findChanged is find after what in waits for.
func (s *server) findChanged(ctx context.Context, in *watchInput) (*fsm.View, *fsm.Endpoint, error) {
	if err := checkedKey(in.Key); err != nil {
		return nil, nil, err
	}
	if err := s.await(ctx, in.Index, in.Wait, endpointScope(in.Key)); err != nil {
		return nil, nil, err
	}
	return s.find(ctx, &keyInput{Key: in.Key, Consistency: in.Consistency})
}

func endpointOf(view *fsm.View, e *fsm.Endpoint) api.Endpoint {
	return api.Endpoint{
		Key: e.Key, Value: e.Value, State: e.State, Since: api.ReadableTime(e.Since),
		Settings: e.Overrides, Effective: view.SettingsOf(e), Labels: e.Labels, Parents: e.Parents,
		Generation: e.Generation, Revision: e.Revision, Configured: e.Configured, Modified: e.Modified, LastEvent: e.LastEvent,
	}
}

// putEndpoint takes the settings and labels of the body in the place of all that
// the endpoint has; patchEndpoint puts them over those that it has.
func (s *server) putEndpoint(ctx context.Context, in *writeInput) (*writtenOutput, error) {
	return s.writeEndpoint(ctx, in, false)
}

func (s *server) patchEndpoint(ctx context.Context, in *writeInput) (*writtenOutput, error) {
	return s.writeEndpoint(ctx, in, true)
}

func (s *server) writeEndpoint(ctx context.Context, in *writeInput, merge bool) (*writtenOutput, error) {
	if err := checkedKey(in.Key); err != nil {
		return nil, err
	}
	condition, err := conditionOf(in.IfMatch, in.IfNoneMatch)
	if err != nil {
		return nil, err
	}
	var r api.EndpointRequest
	if err := decodeBody(in.Sent.body, maxBody, &r); err != nil {
		return nil, err
	}
	if r.Value == nil {
		return nil, api.BadRequest("the field value is missing: the body is like {\"value\":\"http://10.0.0.1/\",\"settings\":{\"interval\":\"5s\"}}")
	}
	result, err := s.set(ctx, in.Sent.from, fsm.SetEndpoint{
		Key: in.Key, Value: *r.Value, Overrides: r.Settings, Labels: r.Labels, Parents: r.Parents, Merge: merge, If: condition,
	})
	if err != nil {
		return nil, err
	}
	return written(in.Key, result), nil
}

func (s *server) deleteEndpoint(ctx context.Context, in *writeInput) (*writtenOutput, error) {
	condition, err := conditionOf(in.IfMatch, in.IfNoneMatch)
	if err != nil {
		return nil, err
	}
	result, err := s.remove(ctx, in.Sent.from, fsm.DeleteEndpoint{Key: in.Key, If: condition})
	if err != nil {
		return nil, err
	}
	return written(in.Key, result), nil
}

func written(key string, r fsm.Result) *writtenOutput {
	out := &writtenOutput{Index: r.Index, Body: api.Written{Key: key, Index: r.Index, Changed: r.Changed, Added: r.Added}}
	if r.Version > 0 {
		out.ETag = etagOf(r.Version)
	}
	return out
}
