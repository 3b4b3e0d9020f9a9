package api

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/fsm"
)

// Notifications is the answer of GET /v1/notifications, the newest event first.
type Notifications struct {
	Notifications []Notification `json:"notifications"`
	// More says that the limit cut the answer short.
	More bool `json:"more"`
	// Silent says of the nodes that were not heard why: what they have open is
	// not known.
	Silent map[string]string `json:"silent,omitempty"`
}

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
		answers: Notifications{Notifications: why.Notifications, Silent: map[string]string{"node3": why.Notifications[2].Silent}}, problems: []Code{CodeNotFound, CodeBusy},
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
	Body  Notifications
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
		return nil, badRequest("state %q is none of open, gave-up and all", state)
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
			return nil, notFound("there is no node %q: see \"tocsin members\"", in.Node)
		}
	}
	accounts, err := s.accounts(ctx, view, in.Key)
	if err != nil {
		return nil, err
	}
	view = s.State.View() // while the nodes were asked, things went on
	out := &notificationsOutput{Index: view.Index()}
	out.Body.Notifications, out.Body.More = notificationsPage(view, accounts, func(n Notification) bool {
		return (in.Node == "" || n.Node == in.Node) && (in.Key == "" || n.Key == in.Key) && isWanted(n, state)
	}, limit)
	out.Body.Silent = silentOf(accounts, in.Node)
	return out, nil
}

// isWanted reports whether the word says of n what it asks for.
func isWanted(n Notification, state string) bool {
	switch state {
	case stateGaveUp:
		return n.Stage == StageGaveUp && n.Outcome.Ack == nil
	case stateOpen:
		return n.Open != nil || n.Outcome == nil || n.Stage == StageAskedAgain
	}
	return true
}

// notificationsPage returns up to limit of those that are wanted, the newest
// event first, and whether there are more.
func notificationsPage(view *fsm.View, accounts map[string]heard[Account], wanted func(Notification) bool, limit int) (all []Notification, more bool) {
	p := newPage[Notification](limit)
	take := func(some []Notification) (full bool) {
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
func madeUp(view *fsm.View, accounts map[string]heard[Account]) []Notification {
	var all []Notification
	for _, node := range slices.Sorted(maps.Keys(accounts)) {
		for _, open := range accounts[node].answer.Open {
			if _, kept := view.Event(open.Event); !kept {
				all = append(all, Notification{Event: open.Event, Key: open.Key, To: open.To, Node: node, Stage: open.Phase, Open: &open})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Notification) int { return cmp.Compare(b.Event, a.Event) })
	return all
}

// silentOf says which nodes were not heard, of all or of the one asked for.
func silentOf(accounts map[string]heard[Account], node string) map[string]string {
	silent := map[string]string{}
	for name, h := range accounts {
		if h.silent != "" && (node == "" || name == node) {
			silent[name] = h.silent
		}
	}
	return silent
}
