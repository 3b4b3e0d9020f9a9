package cli_test

import (
	"strings"
	"testing"

	"tocsin/api"
	"tocsin/health"
)

// atTwoSites is a cluster that decides.
func atTwoSites() api.Cluster {
	c := cluster()
	for i := range c.Observers {
		c.Observers[i].Site = []string{"paris", "lyon"}[i%2]
	}
	return c
}

func TestStatus_ExitCode(t *testing.T) {
	down, odd := endpoint("db|1", health.Down), endpoint("odd", health.Unknown)
	up := endpoint("web", health.Up)
	headless := atTwoSites()
	headless.Leader = ""
	endangered := atTwoSites()
	endangered.Warnings = []api.Warning{{Code: api.WarnEvenVoters, Text: "4 nodes vote"}}
	untold := atTwoSites()
	untold.GivenUp = 3
	unseen, blinded := endpoint("web", health.Up), atTwoSites()
	unseen.Blind = "of 5 nodes none has a verdict, and a decision takes 3: v.sh printed nothing"
	blinded.Warnings = []api.Warning{{Code: api.WarnBlind, Text: "nothing is decided about web"}}
	for what, c := range map[string]struct {
		answer any
		args   []string
		code   int
		first  string
	}{
		"all UP": {
			api.Status{Cluster: atTwoSites(), Endpoints: []api.EndpointStatus{up}},
			nil, 0,
			"TOCSIN OK - 1 of 1 endpoints UP | up=1;;;0;1 down=0;;0;0;1 unknown=0;0;;0;1 blind=0;0;;0;1 heard=5;;3:;0;5",
		},
		"one UNKNOWN": {
			api.Status{Cluster: atTwoSites(), Endpoints: []api.EndpointStatus{odd, up}},
			nil, 1,
			"TOCSIN WARNING - UNKNOWN: odd | up=1;;;0;2 down=0;;0;0;2 unknown=1;0;;0;2 blind=0;0;;0;2 heard=5;;3:;0;5",
		},
		"a warning": {api.Status{Cluster: endangered, Endpoints: []api.EndpointStatus{up}}, nil, 1, "TOCSIN WARNING - 4 nodes vote | "},
		"nobody can judge one": {
			api.Status{Cluster: blinded, Endpoints: []api.EndpointStatus{unseen, endpoint("b", health.Up)}},
			nil, 1,
			"TOCSIN WARNING - nobody can judge web (of 5 nodes none has a verdict, and a decision takes 3: v.sh printed nothing) | up=2;;;0;2 down=0;;0;0;2 unknown=0;0;;0;2 blind=1;0;;0;2 heard=",
		},
		"nobody can judge the one": {api.Status{Cluster: blinded, Endpoints: []api.EndpointStatus{unseen}}, []string{"web"}, 1, "TOCSIN WARNING - nobody can judge web ("},
		"nobody can judge another": {api.Status{Cluster: blinded, Endpoints: []api.EndpointStatus{up}}, []string{"--label", "team=a"}, 0, "TOCSIN OK - "},
		"a warning is not about one endpoint": {
			api.Status{Cluster: endangered, Endpoints: []api.EndpointStatus{up}}, []string{"web"}, 0, "TOCSIN OK - ",
		},
		"notifications were given up": {
			api.Status{Cluster: untold, Endpoints: []api.EndpointStatus{up}}, nil, 2, "TOCSIN CRITICAL - given up: 3 notifications, and nobody has seen to them | ",
		},
		"they may be another endpoint's": {
			api.Status{Cluster: untold, Endpoints: []api.EndpointStatus{up}}, []string{"web"}, 0, "TOCSIN OK - ",
		},
		"one DOWN": {
			api.Status{Cluster: atTwoSites(), Endpoints: []api.EndpointStatus{down, odd, up}},
			nil, 2,
			"TOCSIN CRITICAL - DOWN: db/1; UNKNOWN: odd | up=1;;;0;3 down=1;;0;0;3 unknown=1;0;;0;3 blind=0;0;;0;3 heard=5;;3:;0;5",
		},
		"no leader": {api.Status{Cluster: headless, Endpoints: []api.EndpointStatus{up}}, nil, 2, "TOCSIN CRITICAL - There is no leader at this moment"},
		"many DOWN": {
			api.Status{Cluster: atTwoSites(), Endpoints: []api.EndpointStatus{down, down, down, down, down}},
			nil, 2,
			"TOCSIN CRITICAL - DOWN: db/1, db/1, db/1 and 2 more | ",
		},
		"no cluster":      {api.Status{Cluster: api.Cluster{Node: "n"}}, nil, 3, "TOCSIN UNKNOWN - node n belongs to no cluster yet"},
		"no such key":     {problem{404, api.Problem{Detail: "there is no endpoint"}}, []string{"k"}, 3, "TOCSIN UNKNOWN - there is no endpoint"},
		"no node of ours": {"hello", nil, 3, "TOCSIN UNKNOWN - "},
	} {
		n := newFakeNode(t, c.answer)
		code, stdout, stderr := n.tocsin(append([]string{"status", "--exit-code"}, c.args...)...)
		first, _, _ := strings.Cut(stdout, "\n")
		if code != c.code || !strings.HasPrefix(first, c.first) || stderr != "" || strings.Count(first, "|") > 1 {
			t.Errorf("%s: %d %q\n%s", what, code, stderr, first)
		}
	}
}

func TestStatus_Selection(t *testing.T) {
	c := atTwoSites()
	c.Endpoints = 4
	n := newFakeNode(t, api.Status{Cluster: c})
	code, stdout, stderr := n.tocsin("status", "--prefix", "web/", "--label", "a=b", "--state", "down")
	if code != 0 || !strings.HasSuffix(stdout, "\nNone of the 4 endpoints is like that.\n") || stderr != "" {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
	if got := n.lastAsked(); got != "GET /v1/status?label=a%3Db&prefix=web%2F&state=DOWN" {
		t.Errorf("asked %s", got)
	}
}
