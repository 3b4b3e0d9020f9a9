package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/fsm"
)

func TestMembers(t *testing.T) {
	second := new(fsm.Duration(1200 * time.Millisecond))
	member := func(node, site string) api.Member {
		return api.Member{
			Node: node, Site: site, HTTP: "10.0.0.1:6000", Version: "0.1.0", Protocol: 2, Observer: true,
			InRaft: api.Voter, InGossip: api.Alive, Fresh: true, HeardAgo: second,
		}
	}
	all := api.Members{
		Members: []api.Member{
			member("node1", "paris"), member("node2", "lyon"), member("node3", ""), member("node4", "nice"),
			{Node: "stranger", InRaft: api.Absent, InGossip: api.Alive},
		},
		Disagreement: "stranger is in the gossip and no observer",
		Warnings:     []api.Warning{{Code: api.WarnEvenVoters, Text: "4 nodes vote, and no more of them may fail than if 3 did"}},
	}
	all.Members[1].Leader = true
	all.Members[2].InRaft, all.Members[2].Abstains = api.NonVoter, "none of 2 canaries answers"
	all.Members[3].Fresh, all.Members[3].HeardAgo = false, new(fsm.Duration(time.Minute))
	want := `NODE      SITE   VOTER   LEADER  HEARD        VERSION  PROTOCOL  ADDRESS
node1     paris  yes     -       1.2s ago     0.1.0    2         10.0.0.1:6000
node2     lyon   yes     yes     1.2s ago     0.1.0    2         10.0.0.1:6000
node3     -      no      -       1.2s ago     0.1.0    2         10.0.0.1:6000
node4     nice   yes     -       (1m00s ago)  0.1.0    2         10.0.0.1:6000
stranger  -      absent  -       no member    -        -         -

node3 abstains: none of 2 canaries answers
not agreed: stranger is in the gossip and no observer
warning: 4 nodes vote, and no more of them may fail than if 3 did
`
	n := newFakeNode(t, all)
	code, stdout, stderr := n.tocsin("members")
	if code != 0 || stdout != want || stderr != "" || n.lastAsked() != "GET /v1/members" {
		t.Errorf("%d %q\n%s", code, stderr, stdout)
	}
}

func TestQuorumCheck(t *testing.T) {
	five := cluster()
	for i, site := range []string{"paris", "paris", "lyon", "lyon", "nice"} {
		five.Observers[i].Site = site
	}
	four := cluster()
	four.Observers = append([]api.Observer{}, five.Observers...)
	for _, i := range []int{1, 3} {
		four.Observers[i].Fresh = false
	}
	two := five
	two.Leader, two.Observers = "", append([]api.Observer{}, four.Observers...)
	two.Observers[4].Fresh = false
	for what, c := range map[string]struct {
		cluster api.Cluster
		code    int
		want    string
	}{
		"all": {five, 0, `The cluster can decide: node2 leads, as node1 sees it.

WHAT               NEEDED  HEARD  OF
voters, to commit  3       5      5
votes, to agree    3       5      5
sites, to agree    2       3      3

Any 2 more nodes may fail. 3 would stop it: of the voters node1, node2, node3,
node4 and node5.
Each of the sites lyon, nice and paris may fail, one at a time.
`},
		"just enough": {four, 1, `The cluster can decide: node2 leads, as node1 sees it.

WHAT               NEEDED  HEARD  OF
voters, to commit  3       3      5
votes, to agree    3       3      5
sites, to agree    2       3      3

One more may be too many: without node1, node3 or node5 nothing would be
decided.
Without the site lyon, nice or paris nothing would be decided: bring back those
that are not heard or abstain.
`},
		"too few": {two, 2, `The cluster can't decide, as node1 sees it.

WHAT               NEEDED  HEARD  OF
voters, to commit  3       2      5
votes, to agree    3       2      5
sites, to agree    2       2      3

Nothing can be committed: 2 of 5 voters are heard, and a majority is 3.
Nothing can be agreed on: the votes of 2 of 5 observers count, and a decision
takes 3.
Bring back node2, node4 and node5; what to do about those that are lost for good
is told by docs/recovery.md.
`},
	} {
		n := newFakeNode(t, api.Status{Cluster: c.cluster})
		code, stdout, stderr := n.tocsin("quorum", "check")
		if code != c.code || stdout != c.want || stderr != "" || n.lastAsked() != "GET /v1/status?limit=1" {
			t.Errorf("%s: %d %q\n%s", what, code, stderr, stdout)
		}
		if code, stdout, _ := n.tocsin("quorum", "check", "-o", "json"); code != c.code || !json.Valid([]byte(stdout)) {
			t.Errorf("%s as JSON: %d %s", what, code, stdout)
		}
	}
	n := newFakeNode(t, api.Status{Cluster: api.Cluster{Node: "node2"}})
	if code, stdout, stderr := n.tocsin("quorum", "check"); code != 3 || stdout != "" || !strings.Contains(stderr, "node2 belongs to no cluster yet") {
		t.Errorf("no cluster: %d %q %q", code, stdout, stderr)
	}
}

func TestSettings(t *testing.T) {
	settings := fsm.DefaultClusterSettings()
	n := newFakeNode(t, settings)
	code, stdout, stderr := n.tocsin("settings", "get")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "\ncooldown         30s\n") || !strings.Contains(stdout, "\nmax_voters       5\n") {
		t.Errorf("get: %d %q\n%s", code, stderr, stdout)
	}
	for name, want := range map[string]string{"notify-timeout": "1m\n", "max_voters": "5\n", "quorum": "majority\n"} {
		if code, stdout, _ := n.tocsin("settings", "get", name); code != 0 || stdout != want {
			t.Errorf("get %s: %d %q", name, code, stdout)
		}
	}
	written := api.SettingsWritten{Index: 18, Changed: true}
	settings.Interval, settings.MaxVoters = fsm.Duration(5*time.Second), 3
	body, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	// Somebody else writes first, once.
	n = newFakeNode(t, fsm.DefaultClusterSettings(), problem{412, api.Problem{Code: api.CodeUnmet, Detail: "changed"}}, fsm.DefaultClusterSettings(), written)
	code, stdout, stderr = n.tocsin("settings", "set", "interval=5s", "max-voters=3")
	if code != 0 || stdout != "interval: 10s → 5s\nmax_voters: 5 → 3\n" || stderr != "" {
		t.Errorf("set: %d %q %q", code, stderr, stdout)
	}
	if want := `PUT /v1/settings If-Match:"3" ` + string(body); n.lastAsked() != want {
		t.Errorf("asked\n%s, want\n%s", n.lastAsked(), want)
	}
	for value, want := range map[string]string{"1": "Only one node votes", "2": "At most two nodes vote", "4": "no more may fail than of 3", "5": ""} {
		n := newFakeNode(t, fsm.DefaultClusterSettings(), written)
		if code, _, stderr := n.tocsin("settings", "set", "max_voters="+value); code != 0 || !strings.Contains(stderr, want) || want == "" && stderr != "" {
			t.Errorf("max_voters=%s: %d %q", value, code, stderr)
		}
	}
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{2, "NAME=VALUE is missing", nil},
		{2, `"interval" is not like interval=5s`, []string{"interval"}},
		{2, "interval is given twice", []string{"interval=1s", "interval=2s"}},
		{2, `there is no setting "intervall": it is one of interval, retry_interval`, []string{"intervall=1s"}},
		{2, `fall: "many" is not a whole number`, []string{"fall=many"}},
		{2, `duration "often" is not like`, []string{"interval=often"}},
	} {
		n := newFakeNode(t, fsm.DefaultClusterSettings())
		code, stdout, stderr := n.tocsin(append([]string{"settings", "set"}, c.args...)...)
		if code != c.code || stdout != "" || !strings.Contains(stderr, c.says) || strings.Contains(n.lastAsked(), "PUT") {
			t.Errorf("set %v: %d %q %q", c.args, code, stdout, stderr)
		}
	}
}

// TestSettingsSet_LeavesAloneWhatItDoesNotKnow: a newer node has more settings.
func TestSettingsSet_LeavesAloneWhatItDoesNotKnow(t *testing.T) {
	n := newFakeNode(t, `{"interval":"10s","brand_new":{"a":1},"fall":3}`, api.SettingsWritten{})
	if code, _, stderr := n.tocsin("settings", "set", "fall=4"); code != 0 {
		t.Fatal(stderr)
	}
	if want := `{"interval":"10s","brand_new":{"a":1},"fall":4}`; !strings.HasSuffix(n.lastAsked(), want) {
		t.Errorf("asked %s", n.lastAsked())
	}
}
