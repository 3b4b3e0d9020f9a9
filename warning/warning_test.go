package warning

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/gossipdb"
)

// scene makes a picture of words like "n1@paris": an observer that votes and is
// heard. In front of the name "-" makes it no voter, "!" not heard, "?" no
// observer but heard, "+" an observer that is not in raft, and "x" no observer but
// a voter in raft.
func scene(nodes ...string) Picture {
	p := Picture{MaxVoters: 5}
	for _, word := range nodes {
		kind := word[:1]
		name, site, _ := strings.Cut(strings.TrimLeft(word, "-!?+x"), "@")
		if kind != "?" && kind != "x" {
			p.Observers = append(p.Observers, &fsm.Observer{Node: name, Site: site, Raft: name + ":7000", Gossip: name + ":8000"})
		}
		if kind != "?" && kind != "+" {
			p.Servers = append(p.Servers, api.Server{Node: name, Address: name + ":7000", Voter: kind != "-"})
		}
		if kind != "x" {
			p.Members = append(p.Members, gossipdb.Member{Name: name, Address: name + ":8000", Alive: kind != "!"})
		}
	}
	return p
}

func TestOf(t *testing.T) {
	of := func(maxVoters int, p Picture) Picture { p.MaxVoters = maxVoters; return p }
	cases := map[string]struct {
		p    Picture
		want []string // "code: a part of the text", in order
	}{
		"three at one site":             {scene("n1", "n2", "n3"), nil},
		"five at three sites":           {scene("n1@a", "n2@a", "n3@b", "n4@b", "n5@c"), nil},
		"five and two that only watch":  {scene("n1@a", "n2@b", "n3@c", "n4@a", "n5@b", "-n6@c", "-n7@a"), nil},
		"nobody yet":                    {Picture{}, nil},
		"one":                           {scene("n1"), []string{"few-voters: only n1 votes", "start 2 more"}},
		"two":                           {scene("n1@a", "n2@b"), []string{"few-voters: only n1 and n2 vote", "start 1 more"}},
		"two of four vote":              {scene("n1", "n2", "-n3", "-n4"), []string{"few-voters: only n1 and n2 vote", "/readyz of the other members"}},
		"no more than two may":          {of(2, scene("n1", "n2", "-n3")), []string{"few-voters: only n1 and n2 vote", "set max_voters, which is 2, to 3 or 5"}},
		"four":                          {scene("n1", "n2", "n3", "n4"), []string{"even-voters: 4 nodes vote, and no more of them may fail than if 3 did, which is 1", "3 or 5"}},
		"six":                           {of(7, scene("n1", "n2", "n3", "n4", "n5", "n6")), []string{"even-voters: 6 nodes vote", "which is 2", "5 or 7"}},
		"four of five by setting":       {of(4, scene("n1", "n2", "n3", "n4", "-n5")), []string{"even-voters: 4 nodes", "set max_voters to 3 or 5"}},
		"three at two sites":            {scene("n1@a", "n2@a", "n3@b"), []string{"site-majority: nothing is decided any more when the site a (2 of 3 voters) is lost", "third site"}},
		"two halves":                    {scene("n1@a", "n2@a", "n3@b", "n4@b"), []string{"even-voters: 4", "site-majority: nothing is decided any more when the site a (2 of 4 voters) or the site b (2 of 4 voters) is lost"}},
		"three sites, badly spread":     {scene("n1@a", "n2@a", "n3@a", "n4@b", "n5@c"), []string{"site-majority: nothing is decided any more when the site a (3 of 5 voters) is lost", "spread the voters"}},
		"the other site only watches":   {scene("n1@a", "n2@a", "n3@a", "-n4@b"), []string{"site-majority: nothing is decided any more when the site a (3 of 3 voters) is lost"}},
		"some without a site":           {scene("n1", "n2", "n3@b"), []string{"site-majority: nothing is decided any more when the site without a name (2 of 3 voters) is lost"}},
		"one is down":                   {scene("n1", "n2", "!n3"), []string{"silent n3: n3 is not heard", "n3:8000", "tocsin cluster remove-peer n3)"}},
		"a stranger in the gossip":      {scene("n1", "n2", "n3", "?n9"), []string{"not-a-member n9: n9 at n9:8000"}},
		"one is not taken into raft":    {scene("n1", "n2", "n3", "+n4"), []string{"not-in-raft n4: n4 is a member"}},
		"one can't be removed":          {scene("n1", "n2", "n3", "-n4", "xn5"), []string{"even-voters: 4", "stuck-removal n5: n5 at n5:7000"}},
		"a dead one that was no member": {Picture{Members: []gossipdb.Member{{Name: "n9"}}}, nil},
		"a window that can't be read": {
			Picture{Holds: &fsm.Holds{Windows: []*fsm.Window{{Name: "ok", Cron: "0 2 * * *", Duration: fsm.Duration(time.Hour)}, {Name: "nightly", Cron: "0 2 * * *", Zone: "Mars/Base", Duration: fsm.Duration(time.Hour)}}}},
			[]string{"unreadable-window: the maintenance window nightly holds nothing while this node leads", "Mars/Base", "tocsin maintenance add"},
		},
		"another cluster": {Picture{Strangers: []gossipdb.Stranger{{Address: "h:1", Cluster: "theirs"}}}, []string{"foreign-gossip: h:1 belongs to the cluster theirs", "--gossip-join"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var said []string
			for _, w := range Of(c.p) {
				head := string(w.Code)
				if w.Node != "" {
					head += " " + w.Node
				}
				said = append(said, head+": "+w.Text)
			}
			codes := 0
			for _, want := range c.want {
				if code, _, ok := strings.Cut(want, ": "); ok && !strings.Contains(code, "max_voters") {
					codes++
				}
				if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, want) }) {
					t.Errorf("nothing says %q", want)
				}
			}
			if len(said) != codes {
				t.Errorf("%d warnings, want %d: %q", len(said), codes, said)
			}
		})
	}
}

// The majority that the warnings speak of is that of raft: whatever the nodes, a
// warning of a site is there just when the others are no majority.
func TestOf_ASiteIsWarnedOfJustWhenTheOthersAreNoMajority(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sites := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 3, 9).Draw(t, "sites")
		nodes := make([]string, len(sites))
		for i, s := range sites {
			nodes[i] = fmt.Sprintf("n%d@%s", i, s)
		}
		warned := slices.ContainsFunc(Of(scene(nodes...)), func(w api.Warning) bool { return w.Code == api.WarnSiteMajority })
		want := false
		for _, lost := range sites {
			left := 0
			for _, s := range sites {
				if s != lost {
					left++
				}
			}
			want = want || left > 0 && left < len(sites)/2+1
		}
		if warned != want {
			t.Fatalf("warned: %v, want %v", warned, want)
		}
	})
}

func TestWatched_OnlyWhatLasts(t *testing.T) {
	four := api.Warning{Code: api.WarnEvenVoters, Text: "4"}
	down := api.Warning{Code: api.WarnNotAMember, Node: "n9", Text: "n9"}
	start := time.Now()
	at := func(d time.Duration) time.Time { return start.Add(d) }
	w := NewWatched()
	for _, step := range []struct {
		at    time.Duration
		found []api.Warning
		want  []api.Warning
	}{
		{0, []api.Warning{four}, nil},
		{grace - 1, []api.Warning{four, down}, nil},
		{grace, []api.Warning{four, down}, []api.Warning{four}},
		{2*grace - 1, []api.Warning{four, down}, []api.Warning{four, down}},
		{2 * grace, []api.Warning{down}, []api.Warning{down}},
		{2*grace + 1, []api.Warning{four, down}, []api.Warning{down}}, // it begins anew
		{3 * grace, nil, nil},
	} {
		if got := w.Update(at(step.at), step.found); !slices.Equal(got, step.want) {
			t.Errorf("after %v: %v, want %v", step.at, got, step.want)
		}
	}
}

func TestWatched_TellsTheLogOnceWhatBeginsAndEnds(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	four := api.Warning{Code: api.WarnEvenVoters, Text: "4"}
	told := []api.Warning{four, {Code: api.WarnSilent, Node: "n3", Text: "told by the gossip"}}
	w := NewWatched()
	w.Log(log, false, told)
	if out.Len() > 0 {
		t.Errorf("who does not lead said %s", &out)
	}
	for range 3 {
		w.Log(log, true, told)
	}
	w.Log(log, false, told) // the lead was lost meanwhile
	w.Log(log, true, told)
	for range 3 {
		w.Log(log, false, nil)
	}
	if lines := strings.Split(strings.TrimSpace(out.String()), "\n"); len(lines) != 2 ||
		!strings.Contains(lines[0], "level=WARN") || !strings.Contains(lines[0], "warning=even-voters") || !strings.Contains(lines[1], "is over") {
		t.Errorf("the log is\n%s\nwant one line when it begins and one when it ends", &out)
	}
}
