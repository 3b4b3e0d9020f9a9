package quorum_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/hold"
	"tocsin/quorum"
)

// votesOf reads "UP@paris DOWN ? !DOWN": one vote each, of node1, node2 and so
// on; ? is UNKNOWN, ! is excluded.
func votesOf(text string) []fsm.Vote {
	var votes []fsm.Vote
	for i, word := range strings.Fields(text) {
		v := fsm.Vote{Node: fmt.Sprintf("node%d", i+1)}
		word, v.Site, _ = strings.Cut(word, "@")
		if rest, excluded := strings.CutPrefix(word, "!"); excluded {
			word, v.Excluded = rest, "stale"
		}
		switch word {
		case "UP":
			v.Verdict = health.Up
		case "DOWN":
			v.Verdict = health.Down
		}
		votes = append(votes, v)
	}
	return votes
}

func TestDecide(t *testing.T) {
	const (
		unknown = health.Unknown
		up      = health.Up
		down    = health.Down
	)
	tests := map[string]struct {
		state  health.Status
		votes  string
		quorum int
		sites  int
		last   time.Duration // how long ago the last event was; 0: there is none
		want   quorum.Answer
	}{
		"nobody is there": {
			want: quorum.Answer{Missing: "no observer is registered: nothing can be decided"},
		},
		"one observer decides alone": {
			votes: "UP",
			want:  quorum.Answer{Change: true, To: up},
		},
		"the baseline may be UP": {
			votes: "UP UP UP ? DOWN",
			want:  quorum.Answer{Change: true, To: up},
		},
		"the baseline may be DOWN": {
			votes: "DOWN ? DOWN UP DOWN",
			want:  quorum.Answer{Change: true, To: down},
		},
		"no baseline yet": {
			votes: "DOWN ? DOWN UP !UP",
			want:  quorum.Answer{Missing: "the first decision needs 3 of 5 votes: UP has 1; DOWN has 2; 1 says UNKNOWN (node2); 1 does not count (node5: stale)"},
		},
		"a quorum goes down": {
			state: up, votes: "DOWN DOWN DOWN UP UP",
			want: quorum.Answer{Change: true, To: down},
		},
		"a quorum comes up": {
			state: down, votes: "DOWN UP UP UP UP",
			want: quorum.Answer{Change: true, To: up},
		},
		"one vote short": {
			state: up, votes: "DOWN DOWN UP !DOWN !?",
			want: quorum.Answer{Missing: "DOWN needs 3 of 5 votes, has 2; UP has 1; 2 do not count (node4: stale, node5: stale)"},
		},
		"one vote short, the other way": {
			state: down, votes: "UP UP DOWN ? ?",
			want: quorum.Answer{Missing: "UP needs 3 of 5 votes, has 2; DOWN has 1; 2 say UNKNOWN (node4, node5)"},
		},
		"half is not enough": {
			state: up, votes: "DOWN DOWN UP UP",
			want: quorum.Answer{Missing: "DOWN needs 3 of 4 votes, has 2; UP has 2"},
		},
		"half is not enough, whatever was asked for": {
			state: up, votes: "DOWN DOWN UP UP", quorum: 2,
			want: quorum.Answer{Missing: "DOWN needs 3 of 4 votes, has 2; UP has 2"},
		},
		"more than a majority may be asked for": {
			state: up, votes: "DOWN DOWN DOWN UP", quorum: 4,
			want: quorum.Answer{Missing: "DOWN needs 4 of 4 votes, has 3; UP has 1"},
		},
		"more than there are observers": {
			state: up, votes: "DOWN DOWN DOWN", quorum: 4,
			want: quorum.Answer{Missing: "the quorum is 4 votes and there are only 3 observers: nothing can be decided until the quorum is lowered or observers join"},
		},
		"all agree with the state": {
			state: up, votes: "UP UP UP",
		},
		"all agree with the state, as far as they count": {
			state: down, votes: "DOWN DOWN DOWN !UP ?",
		},
		"nobody contradicts, but nobody confirms either": {
			state: up, votes: "UP !UP !UP",
			want: quorum.Answer{Missing: "DOWN needs 2 of 3 votes, has 0; UP has 1; 2 do not count (node2: stale, node3: stale)"},
		},
		"all are unknown": {
			state: up, votes: "? ? ?",
			want: quorum.Answer{Missing: "DOWN needs 2 of 3 votes, has 0; UP has 0; 3 say UNKNOWN (node1, node2, node3)"},
		},
		"many are silent": {
			state: up, votes: "!? !? !? !? !? !? !?",
			want: quorum.Answer{Missing: "DOWN needs 4 of 7 votes, has 0; UP has 0; 7 do not count (node1: stale, node2: stale, node3: stale, node4: stale, node5: stale and 2 more)"},
		},
		"the quorum spans enough sites": {
			state: up, votes: "DOWN@paris DOWN@lyon DOWN@lyon UP@nice ?@nice", sites: 2,
			want: quorum.Answer{Change: true, To: down},
		},
		"the quorum stands in one site": {
			state: up, votes: "DOWN@lyon DOWN@lyon DOWN@lyon UP@nice UP@paris", sites: 2,
			want: quorum.Answer{Missing: "DOWN needs 3 of 5 votes from 2 sites, has 3 from 1 site; UP has 2 from 2 sites"},
		},
		"a site counts by votes that count": {
			state: up, votes: "DOWN@lyon DOWN@lyon DOWN@lyon !DOWN@nice UP@paris", sites: 2,
			want: quorum.Answer{Missing: "DOWN needs 3 of 5 votes from 2 sites, has 3 from 1 site; UP has 1 from 1 site; 1 does not count (node4: stale)"},
		},
		"no site is a site": {
			state: up, votes: "DOWN@lyon DOWN DOWN UP UP", sites: 2,
			want: quorum.Answer{Change: true, To: down},
		},
		"more sites than there are": {
			state: up, votes: "DOWN@lyon DOWN@nice", sites: 3,
			want: quorum.Answer{Missing: "the votes must span 3 sites and the observers stand in 2: nothing can be decided until the setting sites is lowered or observers join elsewhere"},
		},
		"held back by the cooldown": {
			state: up, votes: "DOWN DOWN DOWN", last: 18 * time.Second,
			want: quorum.Answer{To: down, HeldBy: cooling(12 * time.Second), Missing: "DOWN is agreed by 3 of 3 votes; the cooldown holds it back for another 12s"},
		},
		"held back to the last nanosecond": {
			state: up, votes: "DOWN DOWN DOWN", last: 30*time.Second - 1,
			want: quorum.Answer{To: down, HeldBy: cooling(1), Missing: "DOWN is agreed by 3 of 3 votes; the cooldown holds it back for another 1ms"},
		},
		"held back no longer": {
			state: up, votes: "DOWN DOWN DOWN", last: 30 * time.Second,
			want: quorum.Answer{Change: true, To: down},
		},
		"a last event of the future is one of now": {
			state: up, votes: "DOWN DOWN DOWN", last: -time.Minute,
			want: quorum.Answer{To: down, HeldBy: cooling(30 * time.Second), Missing: "DOWN is agreed by 3 of 3 votes; the cooldown holds it back for another 30s"},
		},
		"the cooldown holds back nothing but a change": {
			state: up, votes: "UP UP UP", last: time.Second,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := quorum.Decide(quorum.Question{
				State: test.state, Votes: votesOf(test.votes), Quorum: test.quorum, Sites: test.sites,
				Cooldown: 30 * time.Second, SinceLast: test.last, HasEvents: test.last != 0,
			})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Decide (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecide_NamesWhatAnUnknownVoteSays(t *testing.T) {
	votes := votesOf("DOWN ? UP")
	votes[1].Reason = "script not found"
	got := quorum.Decide(quorum.Question{State: health.Up, Votes: votes}).Missing
	want := "DOWN needs 2 of 3 votes, has 1; UP has 1; 1 says UNKNOWN (node2: script not found)"
	if got != want {
		t.Errorf("Missing = %q, want %q", got, want)
	}
}

func cooling(left time.Duration) []hold.Hold { return []hold.Hold{{Kind: hold.Cooldown, For: left}} }

func TestDecide_HeldBackByMoreThanTheCooldown(t *testing.T) {
	pause := hold.Hold{Kind: hold.Pause, Of: "all endpoints", Reason: "r", For: time.Minute, Until: time.Unix(1, 0)}
	brake := hold.Hold{Kind: hold.Brake, Of: "2 of 3 endpoints would be DOWN, and 50% may be"}
	tests := map[string]struct {
		state, to health.Status
		cooling   time.Duration
		want      []hold.Hold
	}{
		"to DOWN":               {health.Up, health.Down, 0, []hold.Hold{pause, brake}},
		"to UP":                 {health.Down, health.Up, 0, []hold.Hold{pause}},
		"the baseline":          {health.Unknown, health.Up, 0, []hold.Hold{pause}},
		"and by the cooldown":   {health.Up, health.Down, 7 * time.Second, append(cooling(7*time.Second), pause, brake)},
		"nothing is held there": {health.Up, health.Up, 7 * time.Second, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			votes := votesOf(fmt.Sprint(test.to, " ", test.to, " ?"))
			q := quorum.Question{State: test.state, Votes: votes, Holds: []hold.Hold{pause}, HoldsDown: []hold.Hold{brake}}
			if test.cooling > 0 {
				q.Cooldown, q.HasEvents = test.cooling, true
			}
			got := quorum.Decide(q)
			if diff := cmp.Diff(test.want, got.HeldBy); diff != "" || got.Change || got.To != test.to && test.want != nil {
				t.Errorf("Decide = %+v (-want +got):\n%s", got, diff)
			}
			for _, h := range got.HeldBy {
				if !strings.Contains(got.Missing, h.Holds("it")) {
					t.Errorf("it says %q, and not %q", got.Missing, h.Holds("it"))
				}
			}
		})
	}
}

// twin decides as Decide does, slowly and plainly. Held is for how long the
// cooldown holds, and on how many there are.
func twin(q quorum.Question) (change bool, to health.Status, held time.Duration, holds int) {
	for _, side := range []health.Status{health.Up, health.Down} {
		voters, sites := map[string]bool{}, map[string]bool{}
		for _, v := range q.Votes {
			if v.Verdict == side && v.Excluded == "" {
				voters[v.Node], sites[v.Site] = true, true
			}
		}
		isMajority := 2*len(voters) > len(q.Votes)
		if !isMajority || len(voters) < q.Quorum || len(sites) < q.Sites || side == q.State {
			continue
		}
		holds = len(q.Holds)
		if side == health.Down {
			holds += len(q.HoldsDown)
		}
		if since := max(q.SinceLast, 0); q.HasEvents && since < q.Cooldown {
			held = q.Cooldown - since
			holds++
		}
		return holds == 0, side, held, holds
	}
	return false, health.Unknown, 0, 0
}

func drawStatus(t *rapid.T, name string) health.Status {
	return health.Status(rapid.IntRange(0, 2).Draw(t, name))
}

// drawVote and drawQuestion draw votes of which most agree and little that
// stands in their way, or else decisions would be rare.
func drawVote(t *rapid.T, node int, usual health.Status) fsm.Vote {
	v := fsm.Vote{
		Node:    fmt.Sprintf("node%d", node),
		Site:    rapid.SampledFrom([]string{"", "lyon", "nice", "paris"}).Draw(t, "site"),
		Verdict: usual,
	}
	if rapid.IntRange(0, 3).Draw(t, "unusual") == 0 {
		v.Verdict = drawStatus(t, "verdict")
	}
	if rapid.IntRange(0, 5).Draw(t, "out") == 0 {
		v.Excluded = "stale"
	}
	return v
}

func drawQuestion(t *rapid.T) quorum.Question {
	q := quorum.Question{
		State:     drawStatus(t, "state"),
		Cooldown:  time.Duration(rapid.IntRange(0, 3).Draw(t, "cooldown")) * time.Second,
		SinceLast: time.Duration(rapid.IntRange(-1, 4).Draw(t, "since")) * time.Second,
		HasEvents: rapid.Bool().Draw(t, "events"),
		Sites:     rapid.SampledFrom([]int{0, 0, 1, 2, 3}).Draw(t, "sites"),
	}
	if rapid.IntRange(0, 4).Draw(t, "paused") == 0 {
		q.Holds = []hold.Hold{{Kind: hold.Pause}}
	}
	if rapid.IntRange(0, 4).Draw(t, "parent") == 0 {
		q.Holds = append(q.Holds, hold.Hold{Kind: hold.Parent})
	}
	usual := rapid.SampledFrom([]health.Status{health.Up, health.Down, health.Up, health.Down, health.Unknown}).Draw(t, "usual")
	for i := range rapid.IntRange(0, 7).Draw(t, "observers") {
		q.Votes = append(q.Votes, drawVote(t, i, usual))
	}
	if rapid.Bool().Draw(t, "number") {
		q.Quorum = rapid.IntRange(0, len(q.Votes)+1).Draw(t, "quorum")
	}
	return q
}

// decided is an answer without its words.
type decided struct {
	Change bool
	To     health.Status
	Held   time.Duration // by the cooldown
	Holds  int           // how many there are
}

func decide(q quorum.Question) decided {
	a := quorum.Decide(q)
	d := decided{a.Change, a.To, 0, len(a.HeldBy)}
	for _, h := range a.HeldBy {
		d.Held += h.For
	}
	return d
}

func TestDecide_AgreesWithItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuestion(t)
		change, to, held, holds := twin(q)
		if got, want := decide(q), (decided{change, to, held, holds}); got != want {
			t.Fatalf("Decide(%+v) = %+v, want %+v", q, got, want)
		}
		if a := quorum.Decide(q); a.Change && a.Missing != "" {
			t.Fatalf("a change misses something: %q", a.Missing)
		}
	})
}

func TestDecide_NeverBothSides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuestion(t)
		q.HasEvents = false
		fromUp, fromDown := q, q
		fromUp.State, fromDown.State = health.Up, health.Down
		if quorum.Decide(fromUp).Change && quorum.Decide(fromDown).Change {
			t.Fatalf("the same votes make UP go DOWN and DOWN go UP: %+v", q.Votes)
		}
	})
}

func TestDecide_AMinorityDecidesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuestion(t)
		// All but half of the votes, or fewer, are out; what the others say
		// is of no account.
		for i := range q.Votes {
			if i >= len(q.Votes)/2 {
				q.Votes[i].Excluded = "stale"
			}
		}
		if a := quorum.Decide(q); a.Change || len(a.HeldBy) > 0 || a.To != health.Unknown {
			t.Fatalf("a minority decided %+v out of %+v", a, q)
		}
	})
}

func TestDecide_ExcludedVotesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuestion(t)
		before := decide(q)
		for i := range q.Votes {
			if q.Votes[i].Excluded != "" {
				q.Votes[i].Verdict = drawStatus(t, "another verdict")
				q.Votes[i].Site = "elsewhere"
			}
		}
		if after := decide(q); after != before {
			t.Fatalf("Decide(%+v) = %+v, and %+v before the excluded votes changed", q, after, before)
		}
	})
}

func TestDecide_OrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuestion(t)
		before := decide(q)
		q.Votes = rapid.Permutation(q.Votes).Draw(t, "order")
		if after := decide(q); after != before {
			t.Fatalf("Decide(%+v) = %+v, and %+v in another order", q, after, before)
		}
	})
}

func TestDecide_UpAndDownAreAlike(t *testing.T) {
	mirror := map[health.Status]health.Status{health.Unknown: health.Unknown, health.Up: health.Down, health.Down: health.Up}
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuestion(t)
		want := decide(q)
		want.To = mirror[want.To]
		q.State = mirror[q.State]
		for i := range q.Votes {
			q.Votes[i].Verdict = mirror[q.Votes[i].Verdict]
		}
		if got := decide(q); got != want {
			t.Fatalf("Decide(%+v) = %+v, want %+v", q, got, want)
		}
	})
}

func TestDecide_OneMoreVoteForItUndoesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuestion(t)
		before := decide(q)
		if before.To == health.Unknown {
			return // nothing was agreed
		}
		if i := rapid.IntRange(0, len(q.Votes)).Draw(t, "who"); i < len(q.Votes) {
			q.Votes[i].Verdict, q.Votes[i].Excluded = before.To, ""
		} else {
			q.Votes = append(q.Votes, fsm.Vote{Node: "one more", Verdict: before.To})
		}
		if after := decide(q); after != before {
			t.Fatalf("one more vote for %v turned %+v into %+v: %+v", before.To, before, after, q)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{5, 50} {
		for _, c := range []struct{ name, vote string }{{"settled", "UP@lyon "}, {"contested", "DOWN@lyon UP@nice "}} {
			b.Run(fmt.Sprintf("%d/%s", n, c.name), func(b *testing.B) {
				q := quorum.Question{State: health.Up, Votes: votesOf(strings.Repeat(c.vote, n))[:n], Sites: 2}
				for i := range q.Votes {
					if i%2 == 0 {
						q.Votes[i].Site = "paris"
					}
				}
				b.ReportAllocs()
				for b.Loop() {
					quorum.Decide(q)
				}
			})
		}
	}
}
