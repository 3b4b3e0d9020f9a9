package fsm_test

import (
	"strings"
	"testing"
	"time"

	"tocsin/fsm"
)

// TestRestoreConfiguration_StartsNoNotification: what is put back begins anew,
// and what is as it was goes on.
func TestRestoreConfiguration_StartsNoNotification(t *testing.T) {
	m := withEvent(t) // db has had a baseline and an event
	commit(t, m, 6, fsm.SetEndpoint{Key: "web", Value: "v"})
	e, _ := m.View().Endpoint("web")
	commit(t, m, 7, turn(m.View(), e))
	backup := m.View().Configuration(time.Time{})
	commit(t, m, 8, fsm.DeleteEndpoint{Key: "web"}, fsm.SetEndpoint{Key: "db", Value: "another"}, fsm.SetEndpoint{Key: "new", Value: "v"})
	before := m.View()
	settings := before.Settings()
	settings.Fall = 7
	commit(t, m, 9, fsm.ChangeSettings{Settings: settings})

	if r := commit(t, m, 10, fsm.RestoreConfiguration{Settings: backup.Settings, Endpoints: backup.Endpoints, If: &fsm.Condition{Versions: []uint64{8}}})[0]; r.Refused == nil || r.Refused.Code != fsm.Unmet {
		t.Fatalf("got %+v", r)
	}
	would, _ := m.View().RestoreDifference(backup)
	r := commit(t, m, 11, backup)[0]
	if r.Refused != nil || !r.Changed || len(r.Difference.Added) != 1 || len(r.Difference.Changed) != 1 || len(r.Difference.Deleted) != 1 || strings.Join(r.Difference.Settings, " ") != "fall" {
		t.Fatalf("got %+v", r.Difference)
	}
	if strings.Join(would.Added, " ") != "web" || strings.Join(would.Settings, " ") != "fall" {
		t.Errorf("it would have done %+v", would)
	}
	v := m.View()
	for _, key := range []string{"db", "web"} {
		if e, ok := v.Endpoint(key); !ok || e.Generation != 11 || e.Sequence != 0 || e.Value != "v" {
			t.Errorf("%s is %+v", key, e)
		}
	}
	if _, there := v.Endpoint("new"); there || v.Settings() != backup.Settings {
		t.Error("what was not in it is still there")
	}
	for e := range v.AwaitingLeader() {
		t.Errorf("event %d is to be notified", e.ID)
	}
	if again := commit(t, m, 12, backup)[0]; again.Changed || again.Difference.Unchanged != 2 {
		t.Errorf("a second time: %+v", again)
	}
	if refused := fsm.Validate(v, fsm.RestoreConfiguration{Settings: backup.Settings, Endpoints: []fsm.Declared{{Key: "", Value: "v"}}}); refused == nil {
		t.Error("an endpoint without a key would be restored")
	}
}

// TestRestoreConfiguration_KeepsParents: in whatever order they come, and also
// those that were deleted since.
func TestRestoreConfiguration_KeepsParents(t *testing.T) {
	m := withEvent(t)
	commit(t, m, 6, fsm.SetEndpoint{Key: "z", Value: "v"}, fsm.SetEndpoint{Key: "gone", Value: "v"})
	commit(t, m, 7, fsm.SetEndpoint{Key: "a", Value: "v", Parents: &[]string{"gone", "z"}})
	commit(t, m, 8, fsm.DeleteEndpoint{Key: "gone"})
	backup := m.View().Configuration(time.Time{})
	if d, _ := m.View().RestoreDifference(backup); len(d.Changed) > 0 {
		t.Errorf("what is so already would be changed: %+v", d)
	}
	commit(t, m, 9, fsm.DeleteEndpoint{Key: "a"}, fsm.DeleteEndpoint{Key: "z"})
	if refused := fsm.Validate(m.View(), backup); refused != nil {
		t.Fatal(refused)
	}
	commit(t, m, 10, backup)
	if a, ok := m.View().Endpoint("a"); !ok || strings.Join(a.Parents, " ") != "gone z" {
		t.Errorf("got %+v", a)
	}
	backup.Endpoints = append(backup.Endpoints, fsm.Declared{Key: "loop", Value: "v", Parents: []string{"loop"}})
	if refused := fsm.Validate(m.View(), backup); refused == nil {
		t.Error("an endpoint that is its own parent would be restored")
	}
}
