package membership

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
	"tocsin/prose"
)

// Succession is what a leader knows when it is to give the lead away. Who gets it
// is a pure function of that. While a transfer is under way nothing can be written,
// and raft may never end one to a node that does not answer: so none is begun to a
// node that is silent, or to which one came to nothing already.
type Succession struct {
	Self      string // the leader
	Servers   []api.Server
	Observers []*fsm.Observer
	// Accounts are what others have answered a moment ago. Ballots count for a
	// while after the death of their node.
	Accounts []peer.Account
	// Tried reports whether the lead was to be transferred to a node in this term
	// already, and was not.
	Tried func(node string) bool
}

// ErrNoneHears is that no other voter hears a majority.
var ErrNoneHears = errors.New("no other voter that could take the lead hears a majority")

// Heir returns the voter that gets the lead: to, or, if that is "", the first of
// those that are able. The error is a *fsm.Refusal.
func (s Succession) Heir(to string) (api.Server, error) {
	able := s.able()
	if at := slices.IndexFunc(able, func(v api.Server) bool { return to == "" || v.Node == to }); at >= 0 {
		return able[at], nil
	}
	refused := func(code fsm.Code, format string, args ...any) (api.Server, error) {
		return api.Server{}, &fsm.Refusal{Code: code, Message: fmt.Sprintf(format, args...)}
	}
	tried := names(slices.DeleteFunc(slices.Clone(s.Servers), func(v api.Server) bool { return !s.Tried(v.Node) }))
	switch {
	case to != "" && !s.observes(to):
		return refused(fsm.NotFound, "there is no member %q: see \"tocsin members\"", to)
	case to != "" && s.Tried(to):
		return refused(fsm.Conflict, "%s was to take the lead already since %s leads, and did not; it is not tried again with the same node: hand it over to another one, or stop %s", to, s.Self, s.Self)
	case len(able) == 0 && len(tried) > 0:
		return refused(fsm.Conflict, "the lead stays with %s: it was to go to %s already since %s leads, and did not, and no other voter answers that could take it; stop %s to have another one elected", s.Self, prose.And(tried), s.Self, s.Self)
	case len(able) == 0:
		return refused(fsm.Conflict, "the lead stays with %s: no other voter answers that could take it", s.Self)
	case !Votes(s.Servers, to):
		return refused(fsm.Conflict, "%s can't lead: it does not vote; %s could", to, prose.Or(names(able)))
	}
	return refused(fsm.Conflict, "%s can't lead: it votes, but does not answer now; %s could", to, prose.Or(names(able)))
}

// HeirThatHears returns the voter that gets the lead of one that is cut off from the
// ballots: of those that are able and hear a majority of the observers, the one that
// hears the most. If there is none the error is ErrNoneHears.
func (s Succession) HeirThatHears() (api.Server, error) {
	hears := make(map[string]int, len(s.Accounts))
	for _, a := range s.Accounts {
		hears[a.Node] = a.Hears
	}
	able := slices.DeleteFunc(s.able(), func(v api.Server) bool { return 2*hears[v.Node] <= len(s.Observers) })
	if len(able) == 0 {
		return api.Server{}, ErrNoneHears
	}
	return slices.MinFunc(able, func(a, b api.Server) int {
		return cmp.Or(cmp.Compare(hears[b.Node], hears[a.Node]), cmp.Compare(a.Node, b.Node))
	}), nil
}

// able returns the voters that can take the lead: they stay in the cluster, follow
// the leader in raft, and so are in contact with it, and were not tried.
func (s Succession) able() []api.Server {
	return slices.DeleteFunc(slices.Clone(s.Servers), func(v api.Server) bool {
		return !v.Voter || v.Node == s.Self || !s.observes(v.Node) || s.Tried(v.Node) ||
			!slices.ContainsFunc(s.Accounts, func(a peer.Account) bool { return a.Node == v.Node && a.Follows == s.Self })
	})
}

func (s Succession) observes(node string) bool {
	return slices.ContainsFunc(s.Observers, func(o *fsm.Observer) bool { return o.Node == node })
}

func names(servers []api.Server) []string {
	all := make([]string, len(servers))
	for i, s := range servers {
		all[i] = s.Node
	}
	return all
}
