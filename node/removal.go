package node

import (
	"fmt"

	"github.com/hashicorp/raft"

	"tocsin/fsm"
)

// removal is what there is to know before a node is taken out.
type removal struct {
	node      string
	servers   []raft.Server
	observers []*fsm.Observer
	quorum    fsm.Quorum
	heard     func(*fsm.Observer) bool
}

// costs says what taking the node out would cost the cluster, "" if it goes on
// without it as it does with it. It is a pure function. A cluster that decides
// nothing as it is has nothing to lose.
func (r removal) costs() string {
	byNode := make(map[string]*fsm.Observer, len(r.observers))
	for _, o := range r.observers {
		byNode[o.Node] = o
	}
	if byNode[r.node] == nil {
		return ""
	}
	n, votes := len(r.observers), 0
	for _, o := range r.observers {
		if r.heard(o) {
			votes++
		}
	}
	voters, heard, votes1, voters1, heard1 := 0, 0, votes, 0, 0
	if r.heard(byNode[r.node]) {
		votes1--
	}
	for _, s := range r.servers {
		if s.Suffrage != raft.Voter {
			continue
		}
		o := byNode[string(s.ID)]
		is := o != nil && r.heard(o)
		voters, heard = voters+1, heard+count(is)
		if string(s.ID) != r.node {
			voters1, heard1 = voters1+1, heard1+count(is)
		}
	}
	switch {
	case voters1 == 0 && voters > 0:
		return "it is the only one that votes in raft: without it nothing can be committed; let another one vote first (raise max_voters, which promotes who has caught up)"
	case 2*heard > voters && 2*heard1 <= voters1:
		return fmt.Sprintf("of the %d voters that are left %d would be heard, and a majority is %d: nothing could be committed any more; bring back those that are silent, or take those out first", voters1, heard1, voters1/2+1)
	case int(r.quorum) > n-1:
		return fmt.Sprintf("the quorum is set to %d, and %d observers would be left: nothing could be decided any more; set it to majority first (tocsin settings set quorum=majority)", int(r.quorum), n-1)
	case votes >= r.quorum.Of(n) && votes1 < r.quorum.Of(n-1):
		return fmt.Sprintf("of the %d observers that are left %d would be heard, and a decision takes %d: nothing could be decided any more; bring back those that are silent, or take those out first", n-1, votes1, r.quorum.Of(n-1))
	}
	return ""
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}
