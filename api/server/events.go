package server

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/api"
	"tocsin/fsm"
)

// The page sizes of /v1/events.
const (
	defaultEvents = 100
	maxEvents     = 1000
)

func (s *server) eventOperations(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: "/v1/events", id: "list-events", tag: "status",
		summary: "What has happened, newest last",
		text:    "The newest events, or, when after is given, those that came next: whoever goes on from the id of the last one misses none, as long as it is not before first_kept.",
		answers: api.Events{Events: []api.Event{exampleEvent()}, FirstKept: 31, Last: 42}, problems: waitProblems(),
	}, s.events)
}

type eventsInput struct {
	After       eventID     `query:"after"`
	Key         string      `query:"key" minLength:"1" maxLength:"512" doc:"Only those of this endpoint" example:"web"`
	Limit       eventsLimit `query:"limit"`
	Index       waitIndex   `query:"index"`
	Wait        waitTime    `query:"wait"`
	Consistency consistency `query:"consistency"`
}

// eventID and eventsLimit are numbers that the handler reads.
type (
	eventID     string
	eventsLimit string
)

// Schema implements huma.SchemaProvider.
func (eventID) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0), Description: "Only those that came after the event with this id, oldest first"}
}

// Schema implements huma.SchemaProvider.
func (eventsLimit) Schema(huma.Registry) *huma.Schema {
	return numberSchema(1, maxEvents, defaultEvents, "The most events of the answer")
}

type eventsOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.Events
}

func (s *server) events(ctx context.Context, in *eventsInput) (*eventsOutput, error) {
	limit, err := wholeNumber("limit", string(in.Limit), defaultEvents, 1, maxEvents)
	if err != nil {
		return nil, err
	}
	after, err := wholeNumber[uint64]("after", string(in.After), 0, 0, 1<<63-1)
	if err != nil {
		return nil, err
	}
	if in.Key != "" {
		if err := checkedKey(in.Key); err != nil {
			return nil, err
		}
	}
	if err := s.await(ctx, in.Index, in.Wait, eventScope(in.Key)); err != nil {
		return nil, err
	}
	view, err := s.view(ctx, in.Consistency)
	if err != nil {
		return nil, err
	}
	out := &eventsOutput{Index: view.Index(), Body: api.Events{FirstKept: view.FirstEvent(), Last: view.LastEvent()}}
	if in.After != "" {
		out.Body.Events, out.Body.More = eventsPage(view, view.EventsAfter(after), in.Key, limit)
	} else {
		out.Body.Events, out.Body.More = eventsPage(view, view.EventsBackwards(), in.Key, limit)
		slices.Reverse(out.Body.Events)
	}
	return out, nil
}

// eventsPage returns up to limit of the events of key, of all when key is
// empty, and whether there are more.
func eventsPage(view *fsm.View, events func(func(*fsm.Event) bool), key string, limit int) (all []api.Event, more bool) {
	p := newPage[api.Event](limit)
	for e := range events {
		if key != "" && e.Key != key {
			continue
		}
		size := len(e.Value) + 512 + 512*len(e.Votes)
		if !p.hasRoom(size) {
			return p.items, true
		}
		p.add(eventOf(view, e), size)
	}
	return p.items, false
}

func eventOf(view *fsm.View, e *fsm.Event) api.Event {
	answer := api.Event{Event: *e, Tally: tallyOf(e.Votes), Outcomes: map[string]fsm.Outcome{}}
	answer.Time = api.ReadableTime(e.Time)
	answer.Votes = append([]fsm.Vote{}, e.Votes...) // the View's own are not ours to round
	roundAges(answer.Votes)
	for o := range view.Outcomes(e.ID) {
		answer.Outcomes[o.Node] = readableOutcome(o)
	}
	return answer
}

func tallyOf(votes []fsm.Vote) api.Tally {
	up, down, unknown := fsm.Tally(votes)
	return api.Tally{Up: up, Down: down, Unknown: unknown}
}
