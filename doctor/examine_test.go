package doctor_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/credentials"
	"tocsin/doctor"
	"tocsin/keyring"
)

// healthy are the facts of three nodes at three sites where all is well.
func healthy() doctor.Facts {
	var f doctor.Facts
	f.Status.Cluster = api.Cluster{ID: "C", Node: "a", Leader: "a", Quorum: 2, Sites: 2}
	var members []api.Member
	for _, node := range []string{"a", "b", "c"} {
		f.Status.Cluster.Observers = append(f.Status.Cluster.Observers, api.Observer{
			Node: node, Site: "at-" + node, HTTP: node + ":6000", Raft: node + ":7000", Gossip: node + ":8000", Version: "1.0", Protocol: 1, Fresh: true, Voter: new(true),
		})
		members = append(members, api.Member{Node: node, Observer: true, Fresh: true})
	}
	for _, node := range []string{"a", "b", "c"} {
		f.Answers = append(f.Answers, doctor.Answer{
			Node: node, Address: node + ":6000", Within: time.Millisecond, Members: &api.Members{Members: append([]api.Member{}, members...)},
			Report: api.NodeReport{
				Node: node, RoomBytes: new(uint64(40 << 30)), Canaries: 1, Ready: true, GossipKeys: []keyring.Fingerprint{"k1"},
				Scripts: []api.ScriptReport{{Name: "notify.sh", Endpoints: 3}},
			},
		})
	}
	f.Local = &doctor.Local{
		Certificates: &doctor.Certificates{Dir: "/t"},
		Paths:        []doctor.Path{{Node: "b", Address: "b:7000", What: "raft", MTU: 1500}, {Node: "b", Address: "b:8000", What: "gossip", MTU: 1500}},
		Files:        []doctor.File{{Path: "/d", Kind: doctor.DataDirectory, Perm: 0o700}, {Path: "/s/verify.sh", Kind: doctor.Script, Perm: 0o755}},
	}
	return f
}

func TestExamine_AllIsWell(t *testing.T) {
	r := doctor.Examine(healthy())
	subjects := map[string]bool{}
	for _, f := range r.Findings {
		if f.Severity != doctor.OK {
			t.Errorf("found %+v", f)
		}
		if subjects[f.Subject] || !strings.HasSuffix(f.Text, ".") {
			t.Errorf("%+v is said twice, or is no sentence", f)
		}
		subjects[f.Subject] = true
	}
	if r.Severity != doctor.OK || len(subjects) < 14 {
		t.Errorf("%v, %d subjects", r.Severity, len(subjects))
	}
}

// TestExamine: one thing is wrong, and it alone is found, with what to do.
func TestExamine(t *testing.T) {
	observer := func(f *doctor.Facts, i int) *api.Observer { return &f.Status.Cluster.Observers[i] }
	deaf := func(f *doctor.Facts, by, to int) { f.Answers[by].Members.Members[to].Fresh = false }
	for name, c := range map[string]struct {
		spoil func(*doctor.Facts)
		// want are "severity subject node: words" of all that is not well.
		want []string
	}{
		"no majority": {func(f *doctor.Facts) {
			observer(f, 1).Fresh, observer(f, 2).Fresh = false, false
		}, []string{"critical quorum : Nothing can be committed: 1 of 3 voters | Bring back b and c"}},
		"no leader":            {func(f *doctor.Facts) { f.Status.Cluster.Leader = "" }, []string{"critical quorum : no leader"}},
		"one more is too many": {func(f *doctor.Facts) { observer(f, 2).Fresh = false }, []string{"warning quorum : without a or b nothing | tocsin quorum check"}},
		"a warning of the node": {func(f *doctor.Facts) {
			f.Status.Cluster.Warnings = []api.Warning{{Code: api.WarnEvenVoters, Text: "4 nodes vote; start one more"}}
		}, []string{"warning members : 4 nodes vote. | start one more"}},
		"nobody can judge an endpoint": {func(f *doctor.Facts) {
			f.Status.Cluster.Warnings = []api.Warning{{Code: api.WarnBlind, Text: "nothing is decided about web, for too few nodes can judge it: v.sh printed nothing; mend the check"}}
		}, []string{"warning checks : Nothing is decided about web, for too few nodes can judge it: v.sh printed nothing. | mend the check"}},
		"nobody hears c":    {func(f *doctor.Facts) { deaf(f, 0, 2); deaf(f, 1, 2) }, []string{"warning gossip c: Nobody hears it | start it, and see that TCP and UDP reach c:8000"}},
		"a does not hear c": {func(f *doctor.Facts) { deaf(f, 0, 2) }, []string{"warning gossip c: a does not hear it, and b does. | open TCP and UDP to c:8000"}},
		"b does not answer": {func(f *doctor.Facts) {
			f.Answers[1] = doctor.Answer{Node: "b", Address: "b:6000", Silent: "no route to host"}
		}, []string{"warning answers b: does not answer here at b:6000: no route to host. | way from here"}},
		"b is not running": {func(f *doctor.Facts) {
			f.Answers[1] = doctor.Answer{Node: "b", Address: "b:6000", Silent: "connection refused", Silence: doctor.NotRunning}
		}, []string{"warning answers b: connection refused. | start it"}},
		"b hangs, and nobody hears it": {func(f *doctor.Facts) {
			f.Answers[1] = doctor.Answer{Node: "b", Address: "b:6000", Silent: "no answer in time", Silence: doctor.Hanging}
			observer(f, 1).Fresh = false
			deaf(f, 0, 1)
			deaf(f, 2, 1)
		}, []string{"warning quorum : without a or c", "warning gossip b: Nobody hears it", "warning answers b: no answer in time. | its process hangs"}},
		"not ready": {func(f *doctor.Facts) {
			f.Answers[2].Report.Problems = []string{"the notifier is stuck; look at its log"}
		}, []string{"critical ready c: The notifier is stuck. | look at its log"}},
		"a notification was given up": {
			func(f *doctor.Facts) { f.Status.Cluster.GivenUp = 1 },
			[]string{"critical notifications : One notification was given up, and nobody | tocsin notifications list --state gave-up"},
		},
		"notifications were given up": {
			func(f *doctor.Facts) { f.Status.Cluster.GivenUp = 3 },
			[]string{"critical notifications : 3 notifications were given up, and nobody | tocsin notifications ack"},
		},
		"keys part the nodes": {
			func(f *doctor.Facts) { f.Answers[2].Report.GossipKeys = []keyring.Fingerprint{"k2"} },
			[]string{"critical gossip-keys : a and b send by the gossip key k1, which c does not have; c sends by the gossip key k2, which a and b do not have | give c the file of the gossip keys (--gossip-key-file) that a and b have"},
		},
		"a node was away while the key was changed": {
			func(f *doctor.Facts) {
				f.Answers[2].Report.GossipKeys = []keyring.Fingerprint{"k0"}
				deaf(f, 0, 2)
				deaf(f, 1, 2)
				deaf(f, 2, 0)
				deaf(f, 2, 1)
				f.Status.Cluster.Warnings = []api.Warning{{Code: api.WarnSilent, Node: "c", Text: "c is not heard in the gossip; see that TCP and UDP reach it"}}
			},
			[]string{
				"critical gossip-keys : which c does not have | may have been removed on purpose", "warning members c: not heard | their gossip keys explain it",
				"info gossip a: c does not hear it. | their gossip keys explain it", "info gossip b: c does not hear it. | gossip keys", "info gossip c: a and b do not hear it. | gossip keys",
			},
		},
		"as many go by one key as by another": {
			func(f *doctor.Facts) {
				f.Answers[0].Report.GossipKeys, f.Answers[1].Report.GossipKeys, f.Answers[2].Report.GossipKeys = []keyring.Fingerprint{"k0"}, []keyring.Fingerprint{"k1"}, []keyring.Fingerprint{"k2"}
			},
			[]string{"critical gossip-keys : which b and c do not have; | no key is that of most nodes"},
		},
		"a node has no key": {
			func(f *doctor.Facts) { f.Answers[2].Report.GossipKeys = nil },
			[]string{"critical gossip-keys : a and b send by the gossip key k1, which c does not have"},
		},
		"a file of keys was brought and not read": {
			func(f *doctor.Facts) {
				f.Answers[1].Report.GossipKeyFile = &keyring.Stray{Keys: []keyring.Fingerprint{"k1", "k2"}}
			},
			[]string{"warning gossip-keys b: Its file of the gossip keys says k1, k2, and it goes by k1. | tocsin reload"},
		},
		"a file of keys can't be read": {
			func(f *doctor.Facts) {
				f.Answers[1].Report.GossipKeyFile = &keyring.Stray{Fault: "open /k: permission denied"}
			},
			[]string{"warning gossip-keys b: can't be read, and it goes by k1: open /k: permission denied. | put the file of another node there before"},
		},
		"a change of the key is under way": {
			func(f *doctor.Facts) { f.Answers[1].Report.GossipKeys = []keyring.Fingerprint{"k1", "k2"} },
			[]string{"info gossip-keys : The gossip key k2 is not on every node: a and c lack it | tocsin keyring install"},
		},
		"a script is missing": {func(f *doctor.Facts) {
			f.Answers[0].Report.Scripts = []api.ScriptReport{{Name: "notify.sh", Endpoints: 3, Problem: "script /s/notify.sh does not exist: put it there"}, {Name: "verify.sh", Problem: "script x: y"}}
		}, []string{"critical scripts a: Script /s/notify.sh does not exist. 3 endpoints need notify.sh. | put it there", "warning scripts a: New endpoints need verify.sh"}},
		"canaries": {func(f *doctor.Facts) {
			f.Answers[0].Report.CanariesSilent = true
			f.Answers[1].Report.Canaries, f.Answers[2].Report.Canaries = 0, 0
		}, []string{"warning canaries a: abstains", "info canaries : b and c have no canary | canary"}},
		"disks": {func(f *doctor.Facts) {
			f.Answers[0].Report.RoomBytes, f.Answers[0].Report.LittleRoom = new(uint64(5<<20)), true
			f.Answers[1].Report.RoomBytes = new(uint64(500 << 20))
			f.Answers[2].Report.RoomBytes = nil
		}, []string{"critical disk a: Only 5 MiB", "warning disk b: 500 MiB", "info disk c: can't tell"}},
		"two versions": {func(f *doctor.Facts) {
			observer(f, 2).Version, observer(f, 2).Protocol = "2.0", 2
		}, []string{"warning versions : 1.0 on a and b; 2.0 on c. | upgrading.md", "info versions : a and b read protocol 1 of the log, others 2"}},
		"clocks": {func(f *doctor.Facts) {
			f.Answers[0].Skew, f.Answers[1].Skew, f.Answers[2].Skew = time.Minute, -time.Hour, 900*time.Millisecond
		}, []string{"info clock a: 1m0s ahead of | NTP", "info clock b: 1h0m0s behind"}},
		"a slow answer hides a clock": {func(f *doctor.Facts) { f.Answers[0].Skew, f.Answers[0].Within = 2*time.Second, 1500*time.Millisecond }, nil},
		"one site": {func(f *doctor.Facts) {
			for i := range 3 {
				observer(f, i).Site = ""
			}
			f.Status.Cluster.Sites = 1
		}, []string{"info sites : All nodes stand at one site | --site"}},
		"a node without a site": {func(f *doctor.Facts) { observer(f, 1).Site = "" }, []string{"warning sites : b names no site | --site"}},
		"a port":                {func(f *doctor.Facts) { f.Local.Paths[0].Problem = "connection refused" }, []string{"warning ports b: raft address b:7000 can't be reached | open that port"}},
		"a tunnel":              {func(f *doctor.Facts) { f.Local.Paths[1].MTU = 1280 }, []string{"warning mtu b: packets of 1280 bytes | raise the MTU"}},
		"files": {func(f *doctor.Facts) {
			f.Local.Files = []doctor.File{{Path: "/my data", Kind: doctor.DataDirectory, Perm: 0o755}, {Path: "/s", Kind: doctor.ScriptsDirectory, Perm: 0o775}, {Path: "/s/v.sh", Kind: doctor.Script, Perm: 0o755}}
			f.Local.Config, f.Local.Faults = "/my t.yaml", []string{"t.yaml:1:7: raft: 192.0.2.7 is no address of this machine"}
		}, []string{"warning files : t.yaml:1:7 | tocsin validate '/my t.yaml'", "warning files : /my data (755) | chmod 700 '/my data'", "warning files : the scripts directory /s (775) | chmod go-w /s"}},
		"files of another account": {func(f *doctor.Facts) {
			f.Local.Config, f.Local.Denied = "/t.yaml", []string{"t.yaml:3:6: tls: open /t/tls.key: permission denied"}
		}, []string{"info files : may not look at all that the node reads: t.yaml:3:6: tls: open /t/tls.key | sudo tocsin validate /t.yaml"}},
		"secrets": {func(f *doctor.Facts) {
			f.Local.Files = []doctor.File{{Path: "/t/tls.key", Kind: doctor.Secret, Perm: 0o644}, {Path: "/my token", Kind: doctor.Secret, Perm: 0o604}, {Path: "/k", Kind: doctor.Secret, Perm: 0o640}, {Path: "/k", Kind: doctor.Secret, Perm: 0o600}}
		}, []string{"warning files : /t/tls.key can be read by everybody on this machine (644) | chmod o-rwx /t/tls.key", "warning files : /my token | '/my token'"}},
		"certificates": {func(f *doctor.Facts) {
			f.Local.Certificates = &doctor.Certificates{Dir: "/t", Judgements: []credentials.Judgement{
				{Text: "the CA \"x\" expires on 2027-01-01", Remedy: "go over"}, {Grave: true, Text: "the certificate of node a expired on 2026-01-01", Remedy: "renew it"},
			}}
		}, []string{"critical certificates : The certificate of node a expired on 2026-01-01. | renew it", "warning certificates : CA \"x\" expires | go over"}},
		"a node warns of its certificates, which lie here, too": {func(f *doctor.Facts) {
			f.Answers[1].Report.Concerns = []api.Concern{{Subject: api.ConcernCertificates, Text: "the certificates on disk can't be used, and the ones before are kept: of no CA", Remedy: "put in place what fits"}}
			f.Local.Certificates = &doctor.Certificates{Node: "b", Dir: "/t", Judgements: []credentials.Judgement{{Grave: true, Text: "the certificates on disk can't be used: of no CA", Remedy: "put in place what fits"}}}
		}, []string{"warning certificates b: on disk can't be used, and the ones before are kept: of no CA. | put in place what fits"}},
		"a node's own certificate has expired": {func(f *doctor.Facts) {
			expired := api.Concern{Subject: api.ConcernCertificates, Grave: true, Text: "the certificate of node c expired on 2026-01-01", Remedy: "renew it"}
			f.Answers[2].Report.Concerns, f.Answers[2].Report.Problems = []api.Concern{expired}, []string{expired.String()}
		}, []string{"critical certificates c: node c expired on 2026-01-01. | renew it"}},
		"a node shows a certificate that has expired": {func(f *doctor.Facts) {
			f.Answers[2] = doctor.Answer{Node: "c", Address: "c:6000", Silent: "expired", Refused: &api.Concern{Subject: api.ConcernCertificates, Grave: true, Text: "it expired", Remedy: "renew it"}}
		}, []string{"critical certificates c: It expired. | renew it"}},
		"an audit log is lost": {func(f *doctor.Facts) {
			f.Answers[0].Report.Concerns = []api.Concern{{Subject: api.ConcernAudit, Text: "lines are lost", Remedy: "make room"}}
		}, []string{"warning audit a: Lines are lost. | make room"}},
		"certificates of another account": {func(f *doctor.Facts) {
			f.Local.Certificates = &doctor.Certificates{Dir: "/my t", Denied: "open /my t/tls.key: permission denied"}
		}, []string{"info certificates : may not look at the certificate of this node: open /my t/tls.key: permission denied. | sudo tocsin tls show '/my t'"}},
		"nothing is here": {func(f *doctor.Facts) { f.Local = nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy()
			c.spoil(&f)
			var got []doctor.Finding
			worst := doctor.OK
			for _, found := range doctor.Examine(f).Findings {
				if found.Severity != doctor.OK {
					got = append(got, found)
					worst = max(worst, found.Severity)
				}
			}
			if r := doctor.Examine(f); r.Severity != worst {
				t.Errorf("the report is %v, and its worst finding %v", r.Severity, worst)
			}
			if len(got) != len(c.want) {
				t.Fatalf("found %+v, want %q", got, c.want)
			}
			for i, want := range c.want {
				head, words, _ := strings.Cut(want, ": ")
				text, remedy, _ := strings.Cut(words, " | ")
				if fmt.Sprintf("%v %s %s", got[i].Severity, got[i].Subject, got[i].Node) != head || !strings.Contains(got[i].Text, text) || !strings.Contains(got[i].Remedy, remedy) {
					t.Errorf("found %+v, want %q", got[i], want)
				}
			}
		})
	}
}

func TestSeverity_IsAWord(t *testing.T) {
	text, err := json.Marshal(doctor.Report{Severity: doctor.Warning, Findings: []doctor.Finding{}})
	if err != nil || string(text) != `{"severity":"warning","findings":[]}` {
		t.Errorf("%s %v", text, err)
	}
	var back doctor.Report
	if err := json.Unmarshal(text, &back); err != nil || back.Severity != doctor.Warning {
		t.Errorf("%+v %v", back, err)
	}
	if json.Unmarshal([]byte(`{"severity":"odd"}`), &back) == nil {
		t.Error("an odd severity is read")
	}
}

// TestExamine_WhereNobodyKnowsTheCluster says whom raft needs, and what each node says
// of itself, and nothing of a cluster that nobody told of.
func TestExamine_WhereNobodyKnowsTheCluster(t *testing.T) {
	voters := func(alive ...string) *api.Members {
		m := new(api.Members)
		for _, node := range []string{"a", "b", "c"} {
			one := api.Member{Node: node, Raft: node + ":7000", InRaft: api.Voter, InGossip: api.Absent}
			if slices.Contains(alive, node) {
				one.InGossip = api.Alive
			}
			m.Members = append(m.Members, one)
		}
		return m
	}
	examine := func(members *api.Members) string {
		r := doctor.Examine(doctor.Facts{
			Untold: "a:6000: this node has found no leader; if most are lost for good, see \"tocsin recover\"",
			Answers: []doctor.Answer{
				{Address: "b:6000", Silent: "connection refused", Silence: doctor.NotRunning},
				{Node: "a", Address: "a:6000", Members: members, Report: api.NodeReport{Node: "a", Problems: []string{"there is no leader; start the others"}, RoomBytes: new(uint64(40 << 30)), Canaries: 1}},
			},
		})
		var all []string
		for _, f := range r.Findings {
			if f.Severity != doctor.OK {
				all = append(all, fmt.Sprintf("%v %s %s: %s | %s", f.Severity, f.Subject, f.Node, f.Text, f.Remedy))
			}
		}
		return strings.Join(all, "\n")
	}
	want := `critical cluster : Nobody tells what the cluster holds: a:6000: this node has found no leader. | if most are lost for good, see "tocsin recover"
critical voters a: 3 vote in raft, as far as it knows (a, b and c), and a majority is 2. Its gossip reaches a. | start the agents of b (raft b:7000) and c (raft c:7000), or open the way to there
critical ready a: There is no leader. | start the others
warning answers : It does not answer here at b:6000: connection refused. | nothing listens there: see why its agent does not run, and start it`
	if got := examine(voters("a")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := examine(voters("a", "b")); !strings.Contains(got, "warning voters a: 3 vote in raft") || !strings.Contains(got, "Its gossip reaches a and b. | enough are there") {
		t.Errorf("where a majority is there: %s", got)
	}
}
