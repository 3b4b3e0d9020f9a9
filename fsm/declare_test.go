package fsm_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tocsin/fsm"
	"tocsin/health"
)

func TestDeclare_TellsTheDifference(t *testing.T) {
	m := fsm.NewMachine()
	commit(t, m, 1, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	commit(t, m, 2,
		fsm.SetEndpoint{Key: "web/1", Value: "v", Labels: &map[string]string{"team": "a", "old": "1"}},
		fsm.SetEndpoint{Key: "web/2", Value: "v", Labels: &map[string]string{"team": "a"}},
		fsm.SetEndpoint{Key: "web/3", Value: "v", Labels: &map[string]string{"team": "a"}},
		fsm.SetEndpoint{Key: "web/4", Value: "v"},
		fsm.SetEndpoint{Key: "db", Value: "v", Labels: &map[string]string{"team": "a"}},
	)
	labels := map[string]string{"team": "a"}
	c := fsm.DeclareEndpoints{
		Endpoints: []fsm.Declared{
			{Key: "web/2", Value: "v", Labels: labels},
			{Key: "web/1", Value: "w", Labels: labels, Overrides: fsm.Overrides{Fall: new(7)}},
			{Key: "web/0", Value: "v", Labels: labels},
		},
		Prune: &fsm.Scope{Prefix: "web/", Labels: labels},
	}
	want := fsm.Difference{
		Added:     []string{"web/0"},
		Changed:   []fsm.Change{{Key: "web/1", Fields: []string{"value", "settings.fall", "labels"}}},
		Deleted:   []string{"web/3"},
		Unchanged: 1,
	}
	mustEqual(t, "what it would do", m.View().Difference(c), want)
	r := commit(t, m, 3, c)[0]
	mustEqual(t, "what it did", r, fsm.Result{Index: 3, Changed: true, Difference: &want})
	var keys []string
	for e := range m.View().Endpoints("") {
		keys = append(keys, e.Key)
	}
	mustEqual(t, "the keys", keys, []string{"db", "web/0", "web/1", "web/2", "web/4"})
	again := commit(t, m, 4, c)[0]
	mustEqual(t, "the second time", again, fsm.Result{Index: 4, Difference: &fsm.Difference{Added: []string{}, Changed: []fsm.Change{}, Deleted: []string{}, Unchanged: 3}})
}

func TestDeclare_IsRefusedWhole(t *testing.T) {
	m := fsm.NewMachine()
	commit(t, m, 1, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	ok := fsm.Declared{Key: "a", Value: "v"}
	for name, c := range map[string]struct {
		declare fsm.DeclareEndpoints
		words   []string
	}{
		"a key":            {fsm.DeclareEndpoints{Endpoints: []fsm.Declared{ok, {Key: "", Value: "v"}}}, []string{"empty"}},
		"a setting":        {fsm.DeclareEndpoints{Endpoints: []fsm.Declared{ok, {Key: "b", Overrides: fsm.Overrides{Fall: new(0)}}}}, []string{`"b"`, "fall 0"}},
		"a label":          {fsm.DeclareEndpoints{Endpoints: []fsm.Declared{{Key: "b", Labels: map[string]string{"": "x"}}}}, []string{`"b"`, "label"}},
		"twice":            {fsm.DeclareEndpoints{Endpoints: []fsm.Declared{ok, ok}}, []string{`"a"`, "twice"}},
		"prune everything": {fsm.DeclareEndpoints{Prune: &fsm.Scope{}}, []string{"neither a prefix nor a label"}},
		"outside":          {fsm.DeclareEndpoints{Endpoints: []fsm.Declared{ok}, Prune: &fsm.Scope{Prefix: "b"}}, []string{`"a"`, "outside"}},
		"too many":         {fsm.DeclareEndpoints{Endpoints: make([]fsm.Declared, fsm.MaxDeclared+1)}, []string{"10001", "in parts"}},
		"many faults":      {fsm.DeclareEndpoints{Endpoints: make([]fsm.Declared, 50)}, []string{"perhaps more"}},
	} {
		t.Run(name, func(t *testing.T) {
			refused := fsm.Validate(m.View(), c.declare)
			if refused == nil || refused.Code != fsm.Invalid {
				t.Fatalf("got %+v", refused)
			}
			for _, word := range c.words {
				if !strings.Contains(refused.Message, word) {
					t.Errorf("%q does not say %q", refused.Message, word)
				}
			}
		})
	}
	if refused := fsm.Validate(m.View(), fsm.DeclareEndpoints{Endpoints: []fsm.Declared{ok}}); refused != nil {
		t.Error(refused)
	}
}

// A state change leaves the version that a writer has read as it is.
func TestCondition_IsNotDisturbedByAChangeOfState(t *testing.T) {
	m := withEvent(t)
	before, _ := m.View().Endpoint("db")
	commit(t, m, 6, turn(m.View(), before))
	after, _ := m.View().Endpoint("db")
	if after.Configured != before.Configured || after.Modified != 6 || after.State == before.State {
		t.Fatalf("before %+v, after %+v", before, after)
	}
	stale := fsm.SetEndpoint{Key: "db", Value: "other", If: &fsm.Condition{Versions: []uint64{before.Configured}}}
	if r := commit(t, m, 7, stale)[0]; r.Refused != nil || r.Version != 7 {
		t.Errorf("got %+v", r)
	}
	if r := commit(t, m, 8, stale)[0]; r.Refused == nil || r.Refused.Code != fsm.Unmet || !strings.Contains(r.Refused.Message, "version 7") {
		t.Errorf("got %+v", r)
	}
	if after, _ := m.View().Endpoint("db"); after.Modified != 7 || after.State != health.Up && after.State != health.Down {
		t.Errorf("what was refused has changed %+v", after)
	}
}

// TestEndpointsAfter_PagesHoldEachKeyOnce compares with all the keys at once.
func TestEndpointsAfter_PagesHoldEachKeyOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := fsm.NewMachine()
		for i, key := range rapid.SliceOfDistinct(rapid.StringMatching(`[abé/]{1,5}`), rapid.ID).Draw(rt, "keys") {
			commit(t, m, uint64(i+1), fsm.SetEndpoint{Key: key, Value: "v"})
		}
		prefix := rapid.SampledFrom([]string{"", "a", "ab", "é", "b/"}).Draw(rt, "prefix")
		size := rapid.IntRange(1, 4).Draw(rt, "size")
		var want, got []string
		for e := range m.View().Endpoints(prefix) {
			want = append(want, e.Key)
		}
		for last, more := "", true; more; {
			more = false
			n := 0
			for e := range m.View().EndpointsAfter(prefix, last) {
				if n == size {
					more = true
					break
				}
				got = append(got, e.Key)
				n++
			}
			if n > 0 {
				last = got[len(got)-1]
			}
		}
		if !slices.Equal(got, want) {
			rt.Fatal(fmt.Sprintf("pages %q, at once %q", got, want))
		}
	})
}

func TestParseLabels(t *testing.T) {
	got, err := fsm.ParseLabels([]string{"team=a", "x=1=2", "empty=", "team=a"})
	if err != nil || !maps.Equal(got, map[string]string{"team": "a", "x": "1=2", "empty": ""}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, given := range [][]string{{"team"}, {"=a"}, {"team=a", "team=b"}, {"team=a", "team="}} {
		if got, err := fsm.ParseLabels(given); err == nil {
			t.Errorf("%q is taken for %v", given, got)
		}
	}
}
