package footing

import (
	"strings"
	"testing"

	"tocsin/api"
)

// TestSentences_FewVoters: where one node alone votes in raft, that is what makes its
// site too dear, and not how the nodes are spread.
func TestSentences_FewVoters(t *testing.T) {
	c := api.Cluster{Leader: "a", Node: "a", Quorum: 2, Sites: 2}
	for _, node := range []string{"a", "b", "c"} {
		c.Observers = append(c.Observers, api.Observer{Node: node, Site: "at-" + node, Fresh: true, Voter: new(node == "a")})
	}
	if said := strings.Join(Of(c).Sentences(), " "); !strings.Contains(said, "max_voters") || strings.Contains(said, "spread the voters") {
		t.Error(said)
	}
}
