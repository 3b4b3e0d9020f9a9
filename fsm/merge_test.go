package fsm_test

import (
	"maps"
	"testing"
	"time"

	"tocsin/fsm"
)

func TestSetEndpoint_MergeKeepsWhatItDoesNotName(t *testing.T) {
	m := fsm.NewMachine()
	commit(t, m, 1, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	commit(t, m, 2, fsm.SetEndpoint{
		Key: "db", Value: "v",
		Overrides: &fsm.Overrides{Verify: new("my.sh"), Fall: new(5)},
		Labels:    &map[string]string{"team": "storage", "tier": "1"},
	})
	commit(t, m, 3, fsm.SetEndpoint{
		Key: "db", Value: "v", Merge: true,
		Overrides: &fsm.Overrides{Interval: new(fsm.Duration(2 * time.Second)), Fall: new(4)},
		Labels:    &map[string]string{"tier": "2"},
	})
	e, ok := m.View().Endpoint("db")
	if !ok {
		t.Fatal("db is gone")
	}
	o := e.Overrides
	if o.Verify == nil || *o.Verify != "my.sh" || o.Fall == nil || *o.Fall != 4 || o.Interval == nil || *o.Interval != fsm.Duration(2*time.Second) {
		t.Errorf("the settings are %+v", o)
	}
	if want := map[string]string{"team": "storage", "tier": "2"}; !maps.Equal(e.Labels, want) {
		t.Errorf("the labels are %v, want %v", e.Labels, want)
	}

	// Without Merge what is given takes the place of all.
	commit(t, m, 4, fsm.SetEndpoint{Key: "db", Value: "v", Overrides: &fsm.Overrides{}, Labels: &map[string]string{}})
	if e, _ := m.View().Endpoint("db"); e.Overrides != (fsm.Overrides{}) || len(e.Labels) != 0 {
		t.Errorf("after a plain set the endpoint has %+v, %v", e.Overrides, e.Labels)
	}
}

func TestSetEndpoint_MergedLabelsHaveTheSameLimit(t *testing.T) {
	m := fsm.NewMachine()
	commit(t, m, 1, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	many := make(map[string]string)
	for i := range 64 {
		many[string(rune('A'+i))] = "x"
	}
	commit(t, m, 5, fsm.SetEndpoint{Key: "db", Value: "v", Labels: &many})
	one := map[string]string{"one more": "x"}
	if r := fsm.Validate(m.View(), fsm.SetEndpoint{Key: "db", Value: "v", Labels: &one, Merge: true}); r == nil {
		t.Error("a 65th label was let through")
	}
}
