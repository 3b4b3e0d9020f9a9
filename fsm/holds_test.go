package fsm_test

import (
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

func midday() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) }

func TestTransition_DecidedBeforeAPauseIsRefusedBehindIt(t *testing.T) {
	m := withEndpoints(t, "web", "db")
	web, _ := m.View().Endpoint("web")
	before := turn(m.View(), web)
	commit(t, m, 10, fsm.PauseEndpoints{Pause: fsm.Pause{Scope: fsm.Scope{Prefix: "db"}, Reason: "r", Since: midday()}})
	if r := commit(t, m, 11, before); r[0].Refused == nil || r[0].Refused.Code != fsm.Conflict || !strings.Contains(r[0].Refused.Message, "paused or resumed") {
		t.Errorf("it answers %+v", r[0])
	}
	// Whether the pause covers it, and is on, is for the proposer to know.
	before.Holds = m.View().Holds().Index
	if r := commit(t, m, 12, before); r[0].Refused != nil {
		t.Errorf("it refuses %v", r[0].Refused)
	}
	m = restored(t, m)
	db, _ := m.View().Endpoint("db")
	again := turn(m.View(), db)
	again.Holds = 10
	if r := commit(t, m, 13, again); r[0].Refused != nil {
		t.Errorf("after a restore it refuses %v", r[0].Refused)
	}
}

func TestForce_MakesAnEventThatSaysWhoAndWhy(t *testing.T) {
	m := withEndpoints(t, "web")
	force := fsm.ForceState{Key: "web", To: health.Up, Manual: fsm.Manual{Reason: "I see it", By: "anna"}, Leader: "n1", Time: midday()}
	commit(t, m, 10, force)
	if e, _ := m.View().Event(10); !e.Baseline || e.From != health.Unknown || e.Manual == nil || *e.Manual != force.Manual || len(e.Votes) != 0 {
		t.Errorf("the first one is %+v", e)
	}
	force.To = health.Down
	commit(t, m, 11, force)
	e, _ := m.View().Event(11)
	if e.Baseline || e.From != health.Up || e.To != health.Down || e.Sequence != 2 || e.Leader != "n1" || e.Term != term || !e.Time.Equal(midday()) {
		t.Errorf("the second one is %+v", e)
	}
	if r := commit(t, m, 12, force); r[0].Changed || r[0].Refused != nil || m.View().LastEvent() != 11 {
		t.Errorf("once more it answers %+v", r[0])
	}
	waiting := 0
	for range m.View().AwaitingLeader() {
		waiting++
	}
	if waiting != 1 {
		t.Errorf("%d events wait to be notified, want the second", waiting)
	}
	for _, what := range []string{"missing", "web"} {
		force.Key, force.To = what, health.Up
		if r := commit(t, m, 13, force, force); what == "missing" && (r[0].Refused == nil || r[0].Refused.Code != fsm.NotFound) {
			t.Errorf("of what is not there it says %+v", r[0])
		}
	}
}

func TestView_AboveAndBelow(t *testing.T) {
	m := withEndpoints(t, "router", "switch", "web", "db")
	keys := func(all iter.Seq[*fsm.Endpoint]) string {
		var keys []string
		for e := range all {
			keys = append(keys, e.Key)
		}
		return strings.Join(keys, " ")
	}
	set := func(index uint64, key string, parents ...string) {
		t.Helper()
		commit(t, m, index, fsm.SetEndpoint{Key: key, Value: "v", Parents: &parents})
	}
	set(10, "web", "switch")
	set(11, "db", "router")
	set(12, "switch", "router")
	expect := func(when, belowRouter, belowSwitch, aboveWeb string) {
		t.Helper()
		v := m.View()
		if a, b, c := keys(v.Below("router")), keys(v.Below("switch")), keys(v.Above("web")); a != belowRouter || b != belowSwitch || c != aboveWeb {
			t.Errorf("%s: %q and %q below, %q above", when, a, b, c)
		}
	}
	expect("all", "db switch web", "web", "switch router")
	commit(t, m, 13, fsm.SetEndpoint{Key: "web", Value: "w"})
	expect("another value", "db switch web", "web", "switch router")
	set(14, "web", "switch", "router")
	expect("one more", "db switch web", "web", "switch router")
	m = restored(t, m)
	expect("restored", "db switch web", "web", "switch router")
	commit(t, m, 15, fsm.DeleteEndpoint{Key: "db"})
	set(16, "web")
	expect("gone", "switch", "", "")
	set(17, "web", "switch")
	commit(t, m, 18, fsm.DeleteEndpoint{Key: "router"})
	expect("without it", "switch web", "web", "switch") // it may come again
	commit(t, m, 19, fsm.SetEndpoint{Key: "router", Value: "v", Parents: &[]string{"web"}})
	expect("in a circle", "switch web router", "web router switch", "switch router web")
}

func TestValidate_Parents(t *testing.T) {
	m := withEndpoints(t, "router", "switch", "web")
	commit(t, m, 10, fsm.SetEndpoint{Key: "switch", Value: "v", Parents: &[]string{"router"}})
	commit(t, m, 11, fsm.SetEndpoint{Key: "web", Value: "v", Parents: &[]string{"switch", "gone"}})
	many := make([]string, fsm.MaxParents+1)
	for i := range many {
		many[i] = fmt.Sprint("web", i)
	}
	tests := map[string]struct {
		key     string
		parents []string
		want    string
	}{
		"another one":           {"web", []string{"router"}, ""},
		"none":                  {"web", nil, ""},
		"one that has gone":     {"web", []string{"gone", "router"}, ""},
		"one that never was":    {"web", []string{"rooter"}, "no endpoint \"rooter\""},
		"itself":                {"web", []string{"web"}, "its own parent"},
		"twice":                 {"web", []string{"router", "router"}, "given twice"},
		"a circle of two":       {"router", []string{"switch"}, "depends on endpoint \"router\" already"},
		"a circle of three":     {"router", []string{"web"}, "depends on endpoint \"router\" already"},
		"too many":              {"web", many, "at most 16"},
		"of what is not there":  {"new", []string{"web"}, ""},
		"nothing, and nowhere":  {"new", []string{""}, "no endpoint \"\""},
		"itself, and is nobody": {"new", []string{"new"}, "its own parent"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for how, c := range map[string]fsm.Command{
				"set":     fsm.SetEndpoint{Key: test.key, Value: "v", Parents: &test.parents},
				"declare": fsm.DeclareEndpoints{Endpoints: []fsm.Declared{{Key: test.key, Value: "v", Parents: test.parents}}},
			} {
				refused := fsm.Validate(m.View(), c)
				if test.want == "" && refused != nil || test.want != "" && (refused == nil || !strings.Contains(refused.Message, test.want)) {
					t.Errorf("%s says %v, want %q", how, refused, test.want)
				}
			}
		})
	}
	declare := func(all ...fsm.Declared) *fsm.Refusal {
		return fsm.Validate(m.View(), fsm.DeclareEndpoints{Endpoints: all})
	}
	// In whatever order they are declared.
	if refused := declare(fsm.Declared{Key: "new", Value: "v", Parents: []string{"newer"}}, fsm.Declared{Key: "newer", Value: "v"}); refused != nil {
		t.Errorf("a parent of the same declaration: %v", refused)
	}
	if refused := declare(fsm.Declared{Key: "switch", Value: "v"}, fsm.Declared{Key: "router", Value: "v", Parents: []string{"switch"}}); refused != nil {
		t.Errorf("turned around: %v", refused)
	}
	if refused := declare(fsm.Declared{Key: "a", Value: "v", Parents: []string{"b"}}, fsm.Declared{Key: "b", Value: "v", Parents: []string{"a"}}); refused == nil {
		t.Error("a circle of the same declaration is not refused")
	}
}

func TestValidate_Holds(t *testing.T) {
	m := withEndpoints(t, "web")
	pause := func(change func(*fsm.Pause)) fsm.Command {
		p := fsm.Pause{Scope: fsm.Scope{Prefix: "web"}, Reason: "r", By: "anna", Since: midday(), Until: midday().Add(time.Hour)}
		change(&p)
		return fsm.PauseEndpoints{Pause: p}
	}
	window := func(change func(*fsm.Window)) fsm.Command {
		w := fsm.Window{Name: "nightly", Cron: "0 2 * * *", Zone: "Europe/Paris", Duration: fsm.Duration(time.Hour)}
		change(&w)
		return fsm.SetWindow{Window: w}
	}
	tests := map[string]struct {
		command fsm.Command
		want    string
	}{
		"a pause":                     {pause(func(*fsm.Pause) {}), ""},
		"a pause of all for ever":     {pause(func(p *fsm.Pause) { p.Scope, p.Until = fsm.Scope{}, time.Time{} }), ""},
		"no reason":                   {pause(func(p *fsm.Pause) { p.Reason = "" }), "reason is missing"},
		"a long reason":               {pause(func(p *fsm.Pause) { p.Reason = strings.Repeat("r", 257) }), "at most 256"},
		"a long name":                 {pause(func(p *fsm.Pause) { p.By = strings.Repeat("r", 129) }), "at most 128"},
		"it has ended already":        {pause(func(p *fsm.Pause) { p.Until = p.Since }), "an end that is to come"},
		"a zero byte":                 {pause(func(p *fsm.Pause) { p.Scope.Prefix = "a\x00" }), "control character"},
		"a label without a name":      {pause(func(p *fsm.Pause) { p.Scope.Labels = map[string]string{"": "x"} }), "no name"},
		"a window":                    {window(func(*fsm.Window) {}), ""},
		"a window once":               {window(func(w *fsm.Window) { w.Cron, w.Zone, w.From = "", "", midday() }), ""},
		"once and again":              {window(func(w *fsm.Window) { w.From = midday() }), "one of both"},
		"neither":                     {window(func(w *fsm.Window) { w.Cron = "" }), "not said when"},
		"once in a zone":              {window(func(w *fsm.Window) { w.Cron, w.From = "", midday() }), "time zone goes with a cron"},
		"once for no time":            {window(func(w *fsm.Window) { w.Cron, w.Zone, w.From, w.Duration = "", "", midday(), 0 }), "not between"},
		"no such zone":                {window(func(w *fsm.Window) { w.Zone = "Europe/Pari" }), "not known"},
		"no such time":                {window(func(w *fsm.Window) { w.Cron = "0 24 * * *" }), "can't be read"},
		"no name":                     {window(func(w *fsm.Window) { w.Name = "" }), "give 1 to 64"},
		"a state that nobody can set": {fsm.ForceState{Key: "web", To: health.Unknown, Manual: fsm.Manual{Reason: "r"}, Leader: "n1"}, "UP and DOWN can"},
		"by hand without a reason":    {fsm.ForceState{Key: "web", To: health.Up, Leader: "n1"}, "reason is missing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			refused := fsm.Validate(m.View(), test.command)
			if test.want == "" && refused != nil || test.want != "" && (refused == nil || !strings.Contains(refused.Message, test.want)) {
				t.Errorf("it says %v, want %q", refused, test.want)
			}
		})
	}
}

func TestValidate_HoldsAreBounded(t *testing.T) {
	m := withEndpoints(t, "web")
	var pauses, windows []fsm.Command
	for i := range fsm.MaxPauses {
		pauses = append(pauses, fsm.PauseEndpoints{Pause: fsm.Pause{Scope: fsm.Scope{Prefix: fmt.Sprint(i)}, Reason: "r"}})
		windows = append(windows, fsm.SetWindow{Window: fsm.Window{Name: fmt.Sprint(i), Cron: "@daily", Duration: fsm.Duration(time.Hour)}})
	}
	commit(t, m, 10, pauses...)
	commit(t, m, 11, windows...)
	more := []fsm.Command{
		fsm.PauseEndpoints{Pause: fsm.Pause{Reason: "r"}},
		fsm.SetWindow{Window: fsm.Window{Name: "more", Cron: "@daily", Duration: fsm.Duration(time.Hour)}},
	}
	for i, again := range []fsm.Command{pauses[7], windows[7]} {
		if refused := fsm.Validate(m.View(), again); refused != nil {
			t.Errorf("one that is there already: %v", refused)
		}
		if refused := fsm.Validate(m.View(), more[i]); refused == nil || refused.Code != fsm.Conflict {
			t.Errorf("one more: %v", refused)
		}
	}
}

// withEndpoints returns a Machine at an index below 10 that has them.
func withEndpoints(tb testing.TB, keys ...string) *fsm.Machine {
	tb.Helper()
	m := fsm.NewMachine()
	commit(tb, m, 1, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	for i, key := range keys {
		commit(tb, m, uint64(2+i), fsm.SetEndpoint{Key: key, Value: "v"})
	}
	return m
}
