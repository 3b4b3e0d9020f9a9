package cli_test

import (
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/fsm"
)

func TestClusterListPeers(t *testing.T) {
	heard := new(fsm.Duration(1200 * time.Millisecond))
	state := api.ClusterState{
		Node: "node1", Leader: "node2", Voters: 2, Majority: 2, MaxVoters: 3,
		Raft: api.RaftProgress{State: "follower", Term: 7, CommitIndex: 43, AppliedIndex: 42, LastIndex: 44, LastContact: new(fsm.Duration(40 * time.Millisecond))},
		Peers: []api.RaftPeer{
			{Node: "node1", Address: "10.0.0.1:7000", Part: api.Voter, Observer: true, Fresh: true, HeardAgo: heard},
			{Node: "node2", Address: "10.0.0.2:7000", Part: api.Voter, Leader: true, Observer: true, Preferred: true, HeardAgo: new(fsm.Duration(time.Minute))},
			{Node: "node3", Address: "10.0.0.3:7000", Part: api.NonVoter},
		},
	}
	want := `leader node2, term 7; 2 of at most 3 vote, and it takes 2 to commit
node1 is follower: committed 43, applied 42, log up to 44, heard the leader 0.0s ago

NODE   RAFT ADDRESS   PART              LEADER  HEARD
node1  10.0.0.1:7000  voter             -       1.2s ago
node2  10.0.0.2:7000  voter, preferred  yes     (1m00s ago)
node3  10.0.0.3:7000  non-voter         -       on its way out
`
	n := newFakeNode(t, state)
	if code, stdout, stderr := n.tocsin("cluster", "list-peers"); code != 0 || stdout != want || stderr != "" || n.lastAsked() != "GET /v1/cluster" {
		t.Errorf("%d %q, asked %q\n%s", code, stderr, n.lastAsked(), stdout)
	}
}

func TestCluster_IsSteered(t *testing.T) {
	changed, same := api.MemberChanged{Node: "node4", Changed: true}, api.MemberChanged{Node: "node4"}
	for _, c := range []struct {
		args         []string
		answer       any
		asked, words string
	}{
		{[]string{"add-peer", "h:7000"}, changed, `POST /v1/members {"raft":"h:7000"}`, "node4 is taken in"},
		{[]string{"remove-peer", "node4"}, changed, "DELETE /v1/members/node4", "node4 is taken out"},
		{[]string{"remove-peer", "node4", "--force"}, changed, "DELETE /v1/members/node4?force=true", "node4 is taken out"},
		{[]string{"promote", "node4"}, changed, "POST /v1/members/node4/promote", "list-peers"},
		{[]string{"promote", "node4"}, same, "POST /v1/members/node4/promote", "nothing was changed"},
		{[]string{"promote", "node4", "--undo"}, changed, "DELETE /v1/members/node4/promote", "preferred no more"},
		{[]string{"transfer-leader"}, api.LeadTransferred{Leader: "node3", Changed: true}, "POST /v1/cluster/transfer-leader", "node3 leads now"},
		{[]string{"transfer-leader", "node2"}, api.LeadTransferred{Leader: "node2"}, "POST /v1/cluster/transfer-leader?node=node2", "leads already"},
	} {
		n := newFakeNode(t, c.answer)
		code, stdout, stderr := n.tocsin(append([]string{"cluster"}, c.args...)...)
		if code != 0 || stdout != "" || !strings.Contains(stderr, c.words) || n.lastAsked() != c.asked {
			t.Errorf("%q: %d %q %q, asked %q", c.args, code, stdout, stderr, n.lastAsked())
		}
	}
}
