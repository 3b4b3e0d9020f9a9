package hold_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"pgregory.net/rapid"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/hold"
)

// state is a replicated state to be asked about.
type state struct {
	t testing.TB
	*fsm.Machine
	index uint64
}

func newState(t testing.TB, keys ...string) *state {
	s := &state{t: t, Machine: fsm.NewMachine()}
	s.apply(fsm.Found{ClusterID: "test", Settings: fsm.DefaultClusterSettings()})
	for _, key := range keys {
		s.apply(fsm.SetEndpoint{Key: key, Value: "v"})
	}
	return s
}

func (s *state) apply(commands ...fsm.Command) {
	s.t.Helper()
	data, err := fsm.Encode(commands...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.index++
	for _, r := range s.Apply(&raft.Log{Index: s.index, Term: 1, Data: data}).([]fsm.Result) {
		if r.Refused != nil {
			s.t.Fatal(r.Refused)
		}
	}
}

func (s *state) force(key string, to health.Status) {
	s.t.Helper()
	s.apply(fsm.ForceState{Key: key, To: to, Manual: fsm.Manual{Reason: "r"}, Leader: "n"})
}

// on says what holds an endpoint: "pause 1h0m0s, parent router".
func (s *state) on(b *hold.Book, key string, at time.Time) string {
	s.t.Helper()
	e, ok := s.View().Endpoint(key)
	if !ok {
		s.t.Fatalf("there is no endpoint %s", key)
	}
	var said []string
	for _, h := range b.At(s.View().Holds(), at).On(s.View(), e) {
		text := string(h.Kind)
		if h.Kind == hold.Parent {
			text += " " + h.Of
		}
		if h.For > 0 {
			text += " " + h.For.String()
		}
		said = append(said, text)
	}
	return strings.Join(said, ", ")
}

func noon() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) }

func TestBook_Pauses(t *testing.T) {
	s := newState(t, "web/1", "db")
	s.apply(fsm.SetEndpoint{Key: "db", Value: "v", Labels: &map[string]string{"team": "storage"}})
	pause := func(scope fsm.Scope, until time.Time) {
		s.apply(fsm.PauseEndpoints{Pause: fsm.Pause{Scope: scope, Reason: "r", Since: noon(), Until: until}})
	}
	pause(fsm.Scope{Prefix: "web/"}, noon().Add(time.Hour))
	pause(fsm.Scope{Labels: map[string]string{"team": "storage"}}, time.Time{})
	var b hold.Book
	expect := func(at time.Time, web, db string) {
		t.Helper()
		if got, of := s.on(&b, "web/1", at), s.on(&b, "db", at); got != web || of != db {
			t.Errorf("at %v: %q and %q, want %q and %q", at, got, of, web, db)
		}
	}
	expect(noon(), "pause 1h0m0s", "pause")
	expect(noon().Add(time.Hour-1), "pause 1ns", "pause")
	expect(noon().Add(time.Hour), "", "pause")
	expect(noon().Add(time.Minute), "pause 59m0s", "pause") // the clock was put back
	pause(fsm.Scope{}, noon().Add(2*time.Hour))
	expect(noon().Add(time.Hour), "pause 1h0m0s", "pause 1h0m0s, pause")
	s.apply(fsm.ResumeEndpoints{Scope: fsm.Scope{Labels: map[string]string{"team": "storage"}}})
	expect(noon().Add(time.Hour), "pause 1h0m0s", "pause 1h0m0s")
	s.apply(fsm.ForgetEnded{Before: noon().Add(2 * time.Hour)})
	expect(noon(), "", "")
}

// TestBook_Windows: one that comes again is open by the clocks of its zone, on
// the day too on which they change.
func TestBook_Windows(t *testing.T) {
	s := newState(t, "web", "db")
	s.apply(
		fsm.SetWindow{Window: fsm.Window{Name: "nightly", Scope: fsm.Scope{Prefix: "web"}, Cron: "30 2 * * *", Zone: "Europe/Paris", Duration: fsm.Duration(time.Hour)}},
		fsm.SetWindow{Window: fsm.Window{Name: "once", From: noon(), Duration: fsm.Duration(2 * time.Hour)}},
	)
	var b hold.Book
	for at, want := range map[string][2]string{
		"2026-11-28T01:29:59Z": {"", ""},
		"2026-11-28T01:30:00Z": {"maintenance 1h0m0s", ""},
		"2026-11-28T02:29:59Z": {"maintenance 1s", ""},
		"2026-11-28T02:30:00Z": {"", ""},
		"2026-11-28T11:59:59Z": {"", ""},
		"2026-11-28T12:00:00Z": {"maintenance 2h0m0s", "maintenance 2h0m0s"},
		"2026-11-28T14:00:00Z": {"", ""},
		"2027-03-28T01:29:59Z": {"", ""},
		"2027-03-28T01:30:00Z": {"maintenance 1h0m0s", ""}, // 02:30 is 03:30 that day
		"2027-03-29T00:30:00Z": {"maintenance 1h0m0s", ""},
		"2027-10-31T00:30:00Z": {"maintenance 1h0m0s", ""}, // 02:30 comes twice
		"2027-10-31T01:30:00Z": {"", ""},
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got, of := s.on(&b, "web", moment), s.on(&b, "db", moment); got != want[0] || of != want[1] {
			t.Errorf("at %s: %q and %q, want %q and %q", at, got, of, want[0], want[1])
		}
	}
	w, _ := s.View().Holds().Window("nightly")
	open, next := hold.Times(w, noon())
	if !open.From.IsZero() || next.From.Format(time.RFC3339) != "2026-11-29T01:30:00Z" {
		t.Errorf("Times = %v, %v", open, next)
	}
}

func TestNow_Parents(t *testing.T) {
	s := newState(t, "router", "a", "b", "web")
	set := func(key string, parents ...string) {
		s.apply(fsm.SetEndpoint{Key: key, Value: "v", Parents: &parents})
	}
	set("web", "router", "gone")
	set("a", "b")
	set("b", "a") // nobody can set that, but for two at once
	var b hold.Book
	expect := func(when, web, a string) {
		t.Helper()
		if got, of := s.on(&b, "web", noon()), s.on(&b, "a", noon()); got != web || of != a {
			t.Errorf("%s: %q and %q, want %q and %q", when, got, of, web, a)
		}
	}
	expect("all are unknown", "", "")
	for _, key := range []string{"router", "a", "b"} {
		s.force(key, health.Down)
	}
	expect("all are DOWN, and what goes in a circle holds nothing", "parent router", "")
	s.force("router", health.Up)
	expect("it is UP", "", "")
	set("a", "b", "router")
	s.force("router", health.Down)
	expect("above a circle", "parent router", "parent router")
	s.apply(fsm.SetEndpoint{Key: "switch", Value: "v", Parents: &[]string{"router"}})
	set("web", "switch")
	expect("two above", "parent router", "parent router")
}

func TestHold_InWords(t *testing.T) {
	for want, h := range map[string]hold.Hold{
		"the cooldown holds it back for another 12s":                                         {Kind: hold.Cooldown, For: 12 * time.Second},
		"the cooldown holds it back for another 1ms":                                         {Kind: hold.Cooldown, For: 1},
		"a pause of all endpoints holds it back until somebody resumes (anna: new switches)": {Kind: hold.Pause, Of: "all endpoints", By: "anna", Reason: "new switches"},
		"a pause of the prefix web/ holds it back for another 1h0m0s (r)":                    {Kind: hold.Pause, Of: "the prefix web/", Reason: "r", For: time.Hour, Until: noon()},
		"the maintenance window nightly holds it back for another 5.2s":                      {Kind: hold.Maintenance, Of: "nightly", For: 5200 * time.Millisecond, Until: noon()},
		"router, on which it depends, is DOWN and holds it back":                             {Kind: hold.Parent, Of: "router"},
	} {
		if got := h.Holds("it"); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}

// TestBook_AgreesWithOneThatForgets: what a Book remembers changes no answer, in
// whatever order moments are asked about and holds come and go.
func TestBook_AgreesWithOneThatForgets(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newState(t, "web")
		var b hold.Book
		for i := range rapid.IntRange(1, 30).Draw(rt, "steps") {
			at := noon().Add(time.Duration(rapid.IntRange(-300, 300).Draw(rt, "minutes")) * time.Minute)
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				s.apply(fsm.PauseEndpoints{Pause: fsm.Pause{Scope: fsm.Scope{Prefix: "web"[:i%4]}, Reason: fmt.Sprint(i), Until: at}})
			case 1:
				cron := rapid.SampledFrom([]string{"*/10 * * * *", "0 12 * * *"}).Draw(rt, "cron")
				s.apply(fsm.SetWindow{Window: fsm.Window{Name: fmt.Sprint(i % 2), Cron: cron, Duration: fsm.Duration(5 * time.Minute)}})
			default:
				if got, want := s.on(&b, "web", at), s.on(new(hold.Book), "web", at); got != want {
					rt.Fatalf("at %v it says %q, and anew %q", at, got, want)
				}
			}
		}
	})
}
