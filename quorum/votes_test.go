package quorum_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/quorum"
)

// ask asks about key at once, with a vote of node2 at place 1.
func (w *world) ask(key string, at quorum.Moment) quorum.Question {
	w.t.Helper()
	view := w.View()
	e, ok := view.Endpoint(key)
	if !ok {
		w.t.Fatalf("there is no endpoint %q", key)
	}
	return quorum.Ask(view, w.ballots.Table(), e, at)
}

func TestVotes_OneOfEachObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "lyon", "nice", "")
		w.set("db", "v")
		w.say("node1", health.Up, "db")
		b := w.ballot("node3", health.Down, "db")
		b.Reasons = []gossipdb.Reason{{Slot: 0, Text: "connection refused"}}
		w.receive(b, 2*time.Second)
		w.receive(&gossipdb.Ballot{Node: "stranger", Epoch: 1, Sequence: 1, Index: b.Index, Bits: []byte{1}}, 0)
		time.Sleep(time.Second)

		got := quorum.Votes(w.View(), w.ballots.Table(), w.endpoint("db"), quorum.Moment{Now: time.Now()})
		want := []fsm.Vote{
			{Node: "node1", Site: "lyon", Verdict: health.Up, Age: fsm.Duration(time.Second)},
			{Node: "node2", Site: "nice", Excluded: "no ballot"},
			{Node: "node3", Verdict: health.Down, Age: fsm.Duration(3 * time.Second), Reason: "connection refused"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Votes (-want +got):\n%s", diff)
		}
	})
}

func TestVotes_SayWhyTheyDoNotCount(t *testing.T) {
	ttl := fsm.DefaultClusterSettings().BallotTTL()
	tests := map[string]struct {
		// arrange makes node2 say DOWN of the endpoint db, and something else.
		arrange func(w *world)
		since   time.Duration // how long ago the leader took office; 0 means that nobody asks
		awake   time.Duration // how long ago it came out of a standstill; 0 means never
		verdict health.Status
		want    string
	}{
		"it counts": {
			arrange: func(w *world) { w.say("node2", health.Down, "db") },
			verdict: health.Down,
		},
		"it is all but stale": {
			arrange: func(w *world) { w.receive(w.ballot("node2", health.Down, "db"), ttl-1) },
			verdict: health.Down,
		},
		"it is stale": {
			arrange: func(w *world) { w.receive(w.ballot("node2", health.Down, "db"), ttl) },
			verdict: health.Down,
			want:    "stale",
		},
		"the node has started again": {
			arrange: func(w *world) {
				w.say("node2", health.Down, "db")
				w.register("node2", "", "again")
			},
			verdict: health.Down,
			want:    "older process",
		},
		"the node has started again, and this one does not know": {
			arrange: func(w *world) {
				b := w.ballot("node2", health.Down, "db")
				b.Epoch++
				w.receive(b, 0)
			},
			verdict: health.Down,
			want:    "newer process",
		},
		"it was made as the leader took office": {
			arrange: func(w *world) { w.receive(w.ballot("node2", health.Down, "db"), time.Second) },
			since:   time.Second,
			verdict: health.Down,
		},
		"it was made before the leader took office": {
			arrange: func(w *world) { w.receive(w.ballot("node2", health.Down, "db"), time.Second) },
			since:   time.Second - 1,
			verdict: health.Down,
			want:    "before the leader took office",
		},
		"it was made as the leader came out of a standstill": {
			arrange: func(w *world) { w.receive(w.ballot("node2", health.Down, "db"), time.Second) },
			awake:   time.Second,
			verdict: health.Down,
		},
		"it was made before the leader came out of a standstill": {
			arrange: func(w *world) { w.receive(w.ballot("node2", health.Down, "db"), time.Second) },
			since:   time.Minute,
			awake:   time.Second - 1,
			verdict: health.Down,
			want:    "before the leader stood still",
		},
		"it knows as much as we do": {
			arrange: func(w *world) {
				b := w.ballot("node2", health.Down, "db")
				b.Index = w.View().Index()
				w.receive(b, 0)
			},
			verdict: health.Down,
		},
		"it knows more than we do": {
			arrange: func(w *world) {
				b := w.ballot("node2", health.Down, "db")
				b.Index = w.View().Index() + 1
				w.receive(b, 0)
			},
			verdict: health.Down,
			want:    "ahead of this node",
		},
		"the value was changed": {
			arrange: func(w *world) {
				w.say("node2", health.Down, "db")
				w.set("db", "another")
			},
			verdict: health.Down,
			want:    "before the value was changed",
		},
		"only a label was changed": {
			arrange: func(w *world) {
				w.say("node2", health.Down, "db")
				w.must(fsm.SetEndpoint{Key: "db", Value: "v", Labels: &map[string]string{"a": "b"}})
			},
			verdict: health.Down,
		},
		"it is about what had the slot before": {
			arrange: func(w *world) {
				w.say("node2", health.Down, "db")
				w.must(fsm.DeleteEndpoint{Key: "db"})
				w.set("db", "v")
			},
			verdict: health.Unknown,
			want:    "before the endpoint was added",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "", "", "")
				w.set("db", "v")
				test.arrange(w)
				at := quorum.Moment{Now: time.Now()}
				if test.since > 0 {
					at.Since = at.Now.Add(-test.since)
				}
				if test.awake > 0 {
					at.Awake = at.Now.Add(-test.awake)
				}
				got := w.ask("db", at).Votes[1]
				if got.Excluded != test.want || got.Verdict != test.verdict {
					t.Errorf("vote %+v, want %v excluded as %q", got, test.verdict, test.want)
				}
			})
		})
	}
}

func TestAsk_TakesTheSettingsOfTheEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "lyon", "lyon", "nice", "paris", "")
		w.set("db", "v")
		w.must(fsm.SetEndpoint{Key: "cache", Value: "v", Overrides: &fsm.Overrides{
			Quorum: new(fsm.Quorum(4)), Sites: new(fsm.SitesOff), Cooldown: new(fsm.Duration(time.Minute)),
		}})
		at := quorum.Moment{Now: time.Now()}
		if q := w.ask("db", at); q.Quorum != 3 || q.Sites != 3 || q.Cooldown != 30*time.Second {
			t.Errorf("by default quorum %d, sites %d, cooldown %v, want 3 of 5, 3 of 4 and 30s", q.Quorum, q.Sites, q.Cooldown)
		}
		if q := w.ask("cache", at); q.Quorum != 4 || q.Sites != 1 || q.Cooldown != time.Minute {
			t.Errorf("overridden: quorum %d, sites %d, cooldown %v, want 4, 1 and 1m", q.Quorum, q.Sites, q.Cooldown)
		}
	})
}

func TestAsk_CountsTheCooldownFromTheLastEventButTheBaseline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		w.set("db", "v")
		at := func() quorum.Moment { return quorum.Moment{Now: time.Now()} }
		if q := w.ask("db", at()); q.HasEvents {
			t.Error("there are events before the first")
		}
		w.force(health.Up, "db")
		if q := w.ask("db", at()); q.HasEvents || q.State != health.Up {
			t.Errorf("after the baseline: %+v, want UP and no events", q)
		}
		w.force(health.Down, "db")
		time.Sleep(7 * time.Second)
		if q := w.ask("db", at()); !q.HasEvents || q.SinceLast != 7*time.Second {
			t.Errorf("%+v, want the last event 7s ago", q)
		}
		few := fsm.DefaultClusterSettings()
		few.EventsKept = 1
		w.must(fsm.ChangeSettings{Settings: few})
		w.set("cache", "v")
		w.force(health.Up, "cache")
		if q := w.ask("db", at()); q.HasEvents {
			t.Error("an event that is no longer kept was not long ago")
		}
	})
}

// votesTwin says what Votes says, slowly and plainly, one reason after the
// other.
func votesTwin(view *fsm.View, table *gossipdb.Table, e *fsm.Endpoint, at quorum.Moment) []fsm.Vote {
	held := map[string]gossipdb.Held{}
	for h := range table.All() {
		if h.Ballot.Page == gossipdb.PageOf(e.Slot) {
			held[h.Ballot.Node] = h
		}
	}
	var votes []fsm.Vote
	for o := range view.Observers() {
		h, ok := held[o.Node]
		if !ok {
			votes = append(votes, fsm.Vote{Node: o.Node, Site: o.Site, Excluded: "no ballot"})
			continue
		}
		b, age := h.Ballot, at.Now.Sub(h.MadeAt)
		v := fsm.Vote{Node: o.Node, Site: o.Site, Verdict: b.Verdict(e.Slot), Age: fsm.Duration(age), Reason: b.Reason(e.Slot)}
		for _, rule := range []struct {
			applies bool
			words   string
		}{
			{b.Index < e.Revision, "before the value was changed"},
			{b.Index < e.Generation, "before the endpoint was added"},
			{b.Index > view.Index(), "ahead of this node"},
			{h.MadeAt.Before(at.Awake), "before the leader stood still"},
			{h.MadeAt.Before(at.Since), "before the leader took office"},
			{age >= at.TTL, "stale"},
			{b.Epoch > o.Epoch, "newer process"},
			{b.Epoch < o.Epoch, "older process"},
		} {
			if rule.applies {
				v.Excluded = rule.words
			}
		}
		if v.Excluded == "before the endpoint was added" {
			v.Verdict, v.Reason = health.Unknown, ""
		}
		votes = append(votes, v)
	}
	return votes
}

func TestVotes_AgreeWithTheirTwin(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, "lyon", "", "nice", "paris")
		for i := range rapid.IntRange(1, 4).Draw(rt, "entries") {
			switch rapid.IntRange(0, 3).Draw(rt, "entry") {
			case 0:
				w.apply(fsm.DeleteEndpoint{Key: "db"})
			case 1:
				w.register("node2", "", fmt.Sprint("again", i))
			default:
				w.set("db", fmt.Sprint(i))
			}
		}
		e := w.set("db", "v")
		now := time.Now()
		table := new(gossipdb.Table)
		for node := range 5 {
			for range rapid.IntRange(0, 2).Draw(rt, "ballots") {
				b := &gossipdb.Ballot{
					Node:     fmt.Sprintf("node%d", node), // node0 is no observer
					Epoch:    uint64(node+1) + rapid.SampledFrom([]uint64{0, 0, 0, 1, 5}).Draw(rt, "later"),
					Sequence: rapid.Uint64Range(1, 3).Draw(rt, "sequence"),
					Index:    rapid.Uint64Range(3, w.View().Index()+1).Draw(rt, "index"),
					Page:     rapid.SampledFrom([]uint16{0, 0, 0, 1}).Draw(rt, "page"),
				}
				if bits := rapid.IntRange(0, 2).Draw(rt, "verdict"); bits > 0 && b.Page == 0 {
					b.Bits = []byte{byte(bits)}
				}
				if b.Page == 0 && rapid.Bool().Draw(rt, "reason") {
					b.Reasons = []gossipdb.Reason{{Slot: 0, Text: "because"}}
				}
				age := time.Duration(rapid.IntRange(0, 10).Draw(rt, "age")) * time.Second
				table, _, _ = table.Merge(b, now.Add(-age))
			}
		}
		at := quorum.Moment{
			Now:   now,
			Since: now.Add(-time.Duration(rapid.IntRange(2, 12).Draw(rt, "since")) * time.Second),
			Awake: now.Add(-time.Duration(rapid.IntRange(2, 12).Draw(rt, "awake")) * time.Second),
			TTL:   time.Duration(rapid.IntRange(3, 12).Draw(rt, "ttl")) * time.Second,
		}
		got, want := quorum.Votes(w.View(), table, e, at), votesTwin(w.View(), table, e, at)
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("Votes (-want +got):\n%s", diff)
		}
	})
}

func BenchmarkVotes(b *testing.B) {
	for _, n := range []int{5, 50} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newWorld(b, make([]string, n)...)
			e := w.set("db", "v")
			w.allSay(health.Up, "db")
			view, table, at := w.View(), w.ballots.Table(), quorum.Moment{Now: time.Now()}
			b.ReportAllocs()
			for b.Loop() {
				quorum.Votes(view, table, e, at)
			}
		})
	}
}
