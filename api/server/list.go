package server

import (
	"iter"
	"strings"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
)

// listInput says which endpoints are meant, and which page of them.
type listInput struct {
	Prefix      string      `query:"prefix" doc:"Only those whose key begins so" example:"web/"`
	Label       []string    `query:"label,explode" doc:"Only those with this label, as name=value; of several, all" example:"[\"team=storage\"]"`
	State       string      `query:"state" enum:"UP,DOWN,UNKNOWN" doc:"Only those in this state; small letters will do"`
	Limit       pageLimit   `query:"limit"`
	Cursor      string      `query:"cursor" minLength:"1" doc:"What next of the page before said: it holds on every node, whatever has changed in between"`
	Index       waitIndex   `query:"index"`
	Wait        waitTime    `query:"wait"`
	Consistency consistency `query:"consistency"`
}

// listing is a listInput that was read.
type listing struct {
	prefix, after string
	labels        map[string]string
	state         *health.Status
	limit         int
}

func (in *listInput) read() (l listing, err error) {
	l.prefix = in.Prefix
	if l.labels, err = labelsOf(in.Label); err != nil {
		return l, err
	}
	if in.State != "" {
		state, err := health.Parse(strings.ToUpper(in.State))
		if err != nil {
			return l, api.BadRequest("state %q is none of UP, DOWN and UNKNOWN", in.State)
		}
		l.state = &state
	}
	if l.limit, err = in.Limit.number(); err != nil {
		return l, err
	}
	l.after, err = keyOfCursor(in.Cursor)
	return l, err
}

func labelsOf(given []string) (map[string]string, error) {
	labels, err := fsm.ParseLabels(given)
	if err != nil {
		return nil, api.BadRequest("%v", err)
	}
	return labels, nil
}

// endpoints yields those that are meant, from the cursor on.
func (l listing) endpoints(view *fsm.View) iter.Seq[*fsm.Endpoint] {
	return func(yield func(*fsm.Endpoint) bool) {
		for e := range view.EndpointsAfter(l.prefix, l.after) {
			if l.state != nil && e.State != *l.state || !fsm.HasLabels(e.Labels, l.labels) {
				continue
			}
			if !yield(e) {
				return
			}
		}
	}
}

// pageOf shows the endpoints of one page, and returns the cursor of the next
// one, "" if this is the last.
func pageOf[T any](l listing, view *fsm.View, show func(*fsm.Endpoint) (item T, size int)) (items []T, next string) {
	p := newPage[T](l.limit)
	last := ""
	for e := range l.endpoints(view) {
		item, size := show(e)
		if !p.hasRoom(size) {
			return p.items, cursorAfter(last)
		}
		p.add(item, size)
		last = e.Key
	}
	return p.items, ""
}
