package server

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
)

// The page sizes of /v1/notifications.
const (
	defaultNotifications = 100
	maxNotifications     = 1000
)

func (s *server) notificationOperations(to huma.API) {
	why := exampleWhy()
	register(s, to, operation{
		method: http.MethodGet, path: "/v1/notifications", id: "list-notifications", tag: "status",
		summary: "How far each notification has come on each node",
		text: "Of the events that are kept, the newest first. What has ended is known to every node; what has not is asked of each node, all at once, " +
			"and one that does not answer within 2 seconds is named in silent.",
		answers: api.Notifications{Notifications: why.Notifications, Silent: map[string]string{"node3": why.Notifications[2].Silent}}, problems: []api.Code{api.CodeNotFound, api.CodeBusy},
	}, s.notifications)
}

type notificationsInput struct {
	State       string             `query:"state" enum:"open,gave-up,all" default:"all" doc:"open: only those that are not known to have ended; gave-up: only those that were given up and that nobody has seen to"`
	Key         string             `query:"key" minLength:"1" maxLength:"512" doc:"Only those of this endpoint" example:"web"`
	Node        string             `query:"node" minLength:"1" doc:"Only those of this node" example:"node1"`
	Limit       notificationsLimit `query:"limit"`
	Consistency consistency        `query:"consistency"`
}

type notificationsLimit string

// Schema implements huma.SchemaProvider.
func (notificationsLimit) Schema(huma.Registry) *huma.Schema {
	return numberSchema(1, maxNotifications, defaultNotifications, "The most notifications of the answer")
}

type notificationsOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.Notifications
}

// The words of the parameter state.
const (
	stateOpen   = "open"
	stateGaveUp = "gave-up"
	stateAll    = "all"
)

func (s *server) notifications(ctx context.Context, in *notificationsInput) (*notificationsOutput, error) {
	limit, err := wholeNumber("limit", string(in.Limit), defaultNotifications, 1, maxNotifications)
	if err != nil {
		return nil, err
	}
	state := cmp.Or(in.State, stateAll)
	if !slices.Contains([]string{stateOpen, stateGaveUp, stateAll}, state) {
		return nil, api.BadRequest("state %q is none of open, gave-up and all", state)
	}
	if in.Key != "" {
		if err := checkedKey(in.Key); err != nil {
			return nil, err
		}
	}
	view, err := s.view(ctx, in.Consistency)
	if err != nil {
		return nil, err
	}
	if in.Node != "" {
		if _, known := view.Observer(in.Node); !known {
			return nil, api.NotFound("there is no node %q: see \"tocsin members\"", in.Node)
		}
	}
	accounts, err := s.accounts(ctx, view, in.Key)
	if err != nil {
		return nil, err
	}
	view = s.State.View() // while the nodes were asked, things went on
	out := &notificationsOutput{Index: view.Index()}
	out.Body.Notifications, out.Body.More = notificationsPage(view, accounts, func(n api.Notification) bool {
		return (in.Node == "" || n.Node == in.Node) && (in.Key == "" || n.Key == in.Key) && isWanted(n, state)
	}, limit)
	out.Body.Silent = silentOf(accounts, in.Node)
	return out, nil
}

// isWanted reports whether the word says of n what it asks for.
func isWanted(n api.Notification, state string) bool {
	switch state {
	case stateGaveUp:
		return n.Stage == api.StageGaveUp && n.Outcome.Ack == nil
	case stateOpen:
		return n.Open != nil || n.Outcome == nil || n.Stage == api.StageAskedAgain
	}
	return true
}

// notificationsPage returns up to limit of those that are wanted, the newest
// event first, and whether there are more.
func notificationsPage(view *fsm.View, accounts map[string]heard[peer.Account], wanted func(api.Notification) bool, limit int) (all []api.Notification, more bool) {
	p := newPage[api.Notification](limit)
	take := func(some []api.Notification) (full bool) {
		for _, n := range some {
			if !wanted(n) {
				continue
			}
			size := 1024
			if n.Outcome != nil {
				size += len(n.Outcome.Output) + len(n.Outcome.Problem)
			}
			if !p.hasRoom(size) {
				return true
			}
			p.add(n, size)
		}
		return false
	}
	for e := range view.EventsBackwards() {
		if take(progressOf(view, e, accounts)) {
			return p.items, true
		}
	}
	return p.items, take(madeUp(view, accounts))
}

// madeUp returns what nodes have open of events that are no longer kept: older
// than all that are, the newest first.
func madeUp(view *fsm.View, accounts map[string]heard[peer.Account]) []api.Notification {
	var all []api.Notification
	for _, node := range slices.Sorted(maps.Keys(accounts)) {
		for _, open := range accounts[node].answer.Open {
			if _, kept := view.Event(open.Event); !kept {
				all = append(all, api.Notification{Event: open.Event, Key: open.Key, To: open.To, Node: node, Stage: open.Phase, Open: &open})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b api.Notification) int { return cmp.Compare(b.Event, a.Event) })
	return all
}

// silentOf says which nodes were not heard, of all or of the one asked for.
func silentOf(accounts map[string]heard[peer.Account], node string) map[string]string {
	silent := map[string]string{}
	for name, h := range accounts {
		if h.silent != "" && (node == "" || name == node) {
			silent[name] = h.silent
		}
	}
	return silent
}
