package api

import (
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"tocsin/fsm"
)

// The page sizes of /v1/events.
const (
	defaultEvents = 100
	maxEvents     = 1000
)

// events answers with the newest events, or, when after is given, with those
// that came next: so a reader can follow without missing any.
func (s *server) events(c *gin.Context, query url.Values) error {
	limit, err := number(query, "limit", defaultEvents, 1, maxEvents)
	if err != nil {
		return err
	}
	after, err := number(query, "after", 0, 0, 1<<63)
	if err != nil {
		return err
	}
	key := query.Get("key")
	if query.Has("key") {
		if err := checkedKey(key); err != nil {
			return err
		}
	}
	view := s.State.View()
	var page []*fsm.Event
	var more bool
	if query.Has("after") {
		page, more = take(view.EventsAfter(after), key, int(limit))
	} else {
		page, more = take(view.EventsBackwards(), key, int(limit))
		slices.Reverse(page)
	}
	out := newStream(c)
	out.raw(`{"events":[`)
	for _, e := range page {
		if !out.element(eventOf(view, e)) {
			break
		}
	}
	out.raw(`],"more":`)
	out.value(more)
	out.raw(`,"first_kept":`)
	out.value(view.FirstEvent())
	out.raw(`,"last":`)
	out.value(view.LastEvent())
	return out.end("}\n")
}

// take returns up to limit of the events of key, of all when key is empty, and
// whether there are more.
func take(events func(func(*fsm.Event) bool), key string, limit int) (page []*fsm.Event, more bool) {
	for e := range events {
		if key != "" && e.Key != key {
			continue
		}
		if len(page) == limit {
			return page, true
		}
		page = append(page, e)
	}
	return page, false
}

func eventOf(view *fsm.View, e *fsm.Event) Event {
	answer := Event{Event: *e, Tally: tallyOf(e.Votes), Outcomes: map[string]fsm.Outcome{}}
	answer.Time = readableTime(e.Time)
	answer.Votes = slices.Clone(e.Votes) // the View's own are not ours to round
	roundAges(answer.Votes)
	for o := range view.Outcomes(e.ID) {
		outcome := *o
		outcome.Time, outcome.Duration = readableTime(o.Time), readable(time.Duration(o.Duration))
		answer.Outcomes[o.Node] = outcome
	}
	return answer
}

func tallyOf(votes []fsm.Vote) Tally {
	up, down, unknown := fsm.Tally(votes)
	return Tally{Up: up, Down: down, Unknown: unknown}
}
