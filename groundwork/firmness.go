package groundwork

import (
	"slices"
	"strings"

	"tocsin/api"
	"tocsin/footing"
	"tocsin/fsm"
	"tocsin/warning"
)

// What a cluster that is to be will warn of, and how firmly it will stand, is what
// the nodes and the commands will say of it by the same rules: here they are asked
// about the plan as if all of its nodes ran already.

// Remarks says what may not be meant, though it can be done.
func (p Plan) Remarks() (remarks []string) {
	picture := warning.Picture{MaxVoters: fsm.DefaultClusterSettings().MaxVoters}
	for i, n := range p.Nodes {
		picture.Servers = append(picture.Servers, api.Server{Node: n.Name, Voter: i < picture.MaxVoters})
		picture.Observers = append(picture.Observers, &fsm.Observer{Node: n.Name, Site: n.Site})
	}
	slices.SortFunc(picture.Observers, func(a, b *fsm.Observer) int { return strings.Compare(a.Node, b.Node) })
	for _, w := range warning.Of(picture) {
		if w.Code == api.WarnFewVoters || w.Code == api.WarnEvenVoters || w.Code == api.WarnSiteMajority {
			remarks = append(remarks, w.Text)
		}
	}
	return remarks
}

// Footing is how firmly the cluster will stand once all of its nodes run.
func (p Plan) Footing() footing.Footing {
	settings := fsm.DefaultClusterSettings()
	sites := map[string]bool{}
	c := api.Cluster{Node: p.Nodes[0].Name, Leader: p.Nodes[0].Name}
	for i, n := range p.Nodes {
		sites[n.Site] = true
		c.Observers = append(c.Observers, api.Observer{Node: n.Name, Site: n.Site, Fresh: true, Voter: new(i < settings.MaxVoters)})
	}
	c.Quorum, c.Sites = settings.Quorum.Of(len(p.Nodes)), settings.Sites.Of(len(sites))
	return footing.Of(c)
}
