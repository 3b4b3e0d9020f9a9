package warning

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/hold"
)

// Picture is all that the warnings are made from.
type Picture struct {
	Servers   []api.Server
	Observers []*fsm.Observer // in order of names
	MaxVoters int
	Members   []gossipdb.Member // whom the gossip knows
	Strangers []gossipdb.Stranger
	Holds     *fsm.Holds
}

// Of returns what there is to warn of in a picture. Whether something has lasted long
// enough to be worth a word is up to Watched.
//
// The same state gives the same warnings, whatever the time: a text holds no age.
func Of(p Picture) []api.Warning {
	return slices.Concat(p.fewVoters(), p.evenVoters(), p.siteMajority(), p.differences(), p.foreign(), p.unreadable())
}

// voters returns the names of those who vote, in order.
func (p Picture) voters() []string {
	var names []string
	for _, s := range p.Servers {
		if s.Voter {
			names = append(names, s.Node)
		}
	}
	slices.Sort(names)
	return names
}

// fewVoters: with fewer than three the loss of any one stops all.
func (p Picture) fewVoters() []api.Warning {
	voters := p.voters()
	n := len(voters)
	if n == 0 || n >= 3 {
		return nil
	}
	who := "only " + voters[0] + " votes: without it nothing is decided"
	if n == 2 {
		who = fmt.Sprintf("only %s and %s vote: without either of them nothing is decided", voters[0], voters[1])
	}
	remedy := fmt.Sprintf("start %d more with --join, so that there are three", 3-n)
	switch {
	case p.MaxVoters < 3:
		remedy = fmt.Sprintf("set max_voters, which is %d, to 3 or 5", p.MaxVoters)
	case len(p.Observers) >= 3:
		remedy = "look at /readyz of the other members why they don't"
	}
	return []api.Warning{{Code: api.WarnFewVoters, Text: who + "; " + remedy}}
}

// evenVoters: the last of them makes the majority larger, and helps nobody.
func (p Picture) evenVoters() []api.Warning {
	n := len(p.voters())
	if n < 4 || n%2 == 1 {
		return nil
	}
	remedy := fmt.Sprintf("start one more with --join, or take one out with \"tocsin cluster remove-peer NAME\", for an odd number: %d or %d", n-1, n+1)
	if p.MaxVoters == n {
		remedy = fmt.Sprintf("set max_voters to %d or %d", n-1, n+1)
	}
	return []api.Warning{{Code: api.WarnEvenVoters, Text: fmt.Sprintf(
		"%d nodes vote, and no more of them may fail than if %d did, which is %d; %s", n, n-1, (n-1)/2, remedy)}}
}

// siteMajority: a site that holds half of the voters takes the rest down with it.
// Where there is but one site that is known, and with fewer than three voters any
// site would do.
func (p Picture) siteMajority() []api.Warning {
	site := make(map[string]string, len(p.Observers))
	sites := make(map[string]struct{})
	for _, o := range p.Observers {
		site[o.Node] = o.Site
		sites[o.Site] = struct{}{}
	}
	voters := p.voters()
	if len(sites) < 2 || len(voters) < 3 {
		return nil
	}
	at := make(map[string]int)
	for _, name := range voters {
		if s, known := site[name]; known {
			at[s]++
		}
	}
	var heavy []string
	for _, s := range slices.Sorted(maps.Keys(at)) {
		if 2*at[s] >= len(voters) {
			heavy = append(heavy, fmt.Sprintf("%s (%d of %d voters)", siteName(s), at[s], len(voters)))
		}
	}
	if len(heavy) == 0 {
		return nil
	}
	remedy := "a node at a third site, that votes, would prevent that"
	if len(sites) > 2 {
		remedy = "spread the voters, so that no site has half of them"
	}
	return []api.Warning{{Code: api.WarnSiteMajority, Text: fmt.Sprintf(
		"nothing is decided any more when %s is lost; %s", strings.Join(heavy, " or "), remedy)}}
}

func siteName(site string) string {
	if site == "" {
		return "the site without a name"
	}
	return "the site " + site
}

// differences says who is in one list of members and not in another.
func (p Picture) differences() []api.Warning {
	observers := make(map[string]bool, len(p.Observers))
	inRaft := make(map[string]bool, len(p.Servers))
	alive := make(map[string]bool, len(p.Members))
	for _, o := range p.Observers {
		observers[o.Node] = true
	}
	for _, s := range p.Servers {
		inRaft[s.Node] = true
	}
	var found []api.Warning
	warn := func(code api.WarningCode, node, format string, args ...any) {
		found = append(found, api.Warning{Code: code, Node: node, Text: fmt.Sprintf(format, args...)})
	}
	for _, m := range p.Members {
		alive[m.Name] = m.Alive
		if m.Alive && !observers[m.Name] {
			warn(api.WarnNotAMember, m.Name, "%s at %s is heard in the gossip and is no member; its log says why it is not registered; if it does not belong here stop it, or correct its --gossip-join", m.Name, m.Address)
		}
	}
	for _, o := range p.Observers {
		if !alive[o.Node] {
			warn(api.WarnSilent, o.Node, "%s is not heard in the gossip; see that it runs, and that %s can be reached by TCP and UDP; if it is gone for good take it out (tocsin cluster remove-peer %s), for it counts in the quorum", o.Node, o.Gossip, o.Node)
		}
		if !inRaft[o.Node] {
			warn(api.WarnNotInRaft, o.Node, "%s is a member and not in the raft configuration, so it learns nothing; the leader's log says why", o.Node)
		}
	}
	for _, s := range p.Servers {
		if name := s.Node; !observers[name] {
			warn(api.WarnStuckRemoval, name, "%s at %s is no member and still in the raft configuration, where it may count as a voter; the leader's log says why it can't be removed", name, s.Address)
		}
	}
	return found
}

// foreign says which clusters are met in the gossip.
func (p Picture) foreign() []api.Warning {
	var found []api.Warning
	for _, s := range p.Strangers {
		found = append(found, api.Warning{Code: api.WarnForeignGossip, Text: fmt.Sprintf(
			"%s belongs to the cluster %s, and its gossip meets ours; it is refused; look for a wrong --gossip-join, there or here, or an address that is used twice", s.Address, s.Cluster)})
	}
	return found
}

// unreadable says which maintenance windows hold nothing while this node leads.
func (p Picture) unreadable() []api.Warning {
	if p.Holds == nil {
		return nil
	}
	var found []api.Warning
	for w, err := range hold.Unreadable(p.Holds) {
		found = append(found, api.Warning{Code: api.WarnUnreadableWindow, Text: fmt.Sprintf(
			"the maintenance window %s holds nothing while this node leads, which can't read when it is open: %v; set it anew with \"tocsin maintenance add\", or install the time zones (tzdata) here", w.Name, err)})
	}
	return found
}
