package membership

import (
	"cmp"
	"fmt"
	"slices"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
	"tocsin/prose"
)

// Heir returns the voter that gets the lead: to, or, if that is "", the first of
// those that are able. It is a pure function. While a transfer is under way
// nothing can be written, and raft may never end one to a node that does not
// answer: so none is begun to a node that is silent.
func Heir(self, to string, servers []api.Server, observers []*fsm.Observer, able func(*fsm.Observer) bool) (api.Server, *fsm.Refusal) {
	conflict := func(format string, args ...any) *fsm.Refusal {
		return &fsm.Refusal{Code: fsm.Conflict, Message: fmt.Sprintf(format, args...)}
	}
	var others []string
	var heir *api.Server
	for _, s := range servers {
		at := slices.IndexFunc(observers, func(o *fsm.Observer) bool { return o.Node == s.Node })
		if at < 0 || !s.Voter || s.Node == self || !able(observers[at]) {
			continue
		}
		others = append(others, s.Node)
		if s.Node == to || to == "" && heir == nil {
			heir = &s
		}
	}
	member := slices.ContainsFunc(observers, func(o *fsm.Observer) bool { return o.Node == to })
	votes := slices.ContainsFunc(servers, func(s api.Server) bool { return s.Node == to && s.Voter })
	switch {
	case heir != nil:
		return *heir, nil
	case to != "" && !member:
		return api.Server{}, &fsm.Refusal{Code: fsm.NotFound, Message: fmt.Sprintf("there is no member %q: see \"tocsin members\"", to)}
	case len(others) == 0:
		return api.Server{}, conflict("the lead stays with %s: no other voter answers that could take it", self)
	case !votes:
		return api.Server{}, conflict("%s can't lead: it does not vote; %s could", to, prose.Or(others))
	}
	return api.Server{}, conflict("%s can't lead: it votes, but does not answer now; %s could", to, prose.Or(others))
}

// HeirThatHears returns the voter that a leader, self, hands the lead over to when it is
// cut off from the ballots: of those that follow it in raft, and so are in contact
// with it, and hear a majority of the observers, the one that hears the most. It
// is a pure function.
func HeirThatHears(self string, observers int, voters []peer.Account) (node string, found bool) {
	able := slices.DeleteFunc(slices.Clone(voters), func(a peer.Account) bool {
		return a.Node == self || a.Follows != self || 2*a.Hears <= observers
	})
	if len(able) == 0 {
		return "", false
	}
	return slices.MinFunc(able, func(a, b peer.Account) int {
		return cmp.Or(cmp.Compare(b.Hears, a.Hears), cmp.Compare(a.Node, b.Node))
	}).Node, true
}
