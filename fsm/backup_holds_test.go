package fsm_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/fsm"
)

func pauseOf(prefix, reason string) fsm.Pause {
	return fsm.Pause{Scope: fsm.Scope{Prefix: prefix}, Reason: reason, Since: midday()}
}

func windowOf(name string, lasts time.Duration) fsm.Window {
	return fsm.Window{Name: name, Cron: "0 3 * * 0", Duration: fsm.Duration(lasts)}
}

// TestRestoreConfiguration_PutsHoldsBack: they become what the backup says, and
// what has not changed stays what it is, since when included.
func TestRestoreConfiguration_PutsHoldsBack(t *testing.T) {
	m := withEndpoints(t, "web", "db")
	over := pauseOf("over", "r")
	over.Until = midday().Add(time.Hour)
	once := fsm.Window{Name: "once", From: midday(), Duration: fsm.Duration(time.Hour)}
	commit(t, m, 10, fsm.PauseEndpoints{Pause: pauseOf("", "all")}, fsm.PauseEndpoints{Pause: pauseOf("db", "r")}, fsm.PauseEndpoints{Pause: pauseOf("same", "r")},
		fsm.PauseEndpoints{Pause: over}, fsm.SetWindow{Window: windowOf("patch", time.Hour)}, fsm.SetWindow{Window: windowOf("other", time.Hour)}, fsm.SetWindow{Window: once})
	backup := m.View().Configuration(midday().Add(90 * time.Minute))
	if len(backup.Pauses) != 3 || len(backup.Windows) != 2 {
		t.Fatalf("what has ended is in it, or what has not is missing: %+v", backup)
	}
	kept, _ := m.View().Holds().Pause(fsm.Scope{Prefix: "same"})
	commit(t, m, 11, fsm.ResumeEndpoints{}, fsm.ResumeEndpoints{Scope: fsm.Scope{Prefix: "over"}}, fsm.PauseEndpoints{Pause: pauseOf("db", "another")}, fsm.PauseEndpoints{Pause: pauseOf("web", "r")},
		fsm.DeleteWindow{Name: "patch"}, fsm.DeleteWindow{Name: "once"}, fsm.SetWindow{Window: windowOf("other", 2*time.Hour)}, fsm.SetWindow{Window: windowOf("new", time.Hour)})

	stale := backup
	stale.If = &fsm.Condition{Versions: []uint64{10}}
	if r := commit(t, m, 12, stale)[0]; r.Refused == nil || r.Refused.Code != fsm.Unmet || m.View().Holds().Index != 11 {
		t.Errorf("somebody has paused since, and it answers %+v", r)
	}
	would, _ := m.View().RestoreDifference(backup)
	r := commit(t, m, 13, backup)[0]
	if r.Refused != nil || !r.Changed || r.Version != 13 {
		t.Fatalf("got %+v", r)
	}
	want := fsm.Difference{
		Added: []string{}, Changed: []fsm.Change{}, Deleted: []string{}, Unchanged: 2,
		Pauses:  fsm.HoldChanges{Added: []string{"all endpoints"}, Changed: []string{"the prefix db"}, Deleted: []string{"the prefix web"}},
		Windows: fsm.HoldChanges{Added: []string{"patch"}, Changed: []string{"other"}, Deleted: []string{"new"}},
	}
	if diff := cmp.Diff(want, *r.Difference); diff != "" {
		t.Errorf("it has done (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, would); diff != "" {
		t.Errorf("it would have done (-want +got):\n%s", diff)
	}
	h := m.View().Holds()
	if same, _ := h.Pause(fsm.Scope{Prefix: "same"}); same != kept || h.Index != 13 {
		t.Errorf("what was so already is another: %+v, index %d", same, h.Index)
	}
	if patch, there := h.Window("patch"); !there || patch.Configured != 13 {
		t.Errorf("the window is %+v", patch)
	}
	if diff := cmp.Diff(backup, m.View().Configuration(midday())); diff != "" {
		t.Errorf("it is not as it was (-want +got):\n%s", diff)
	}
	if after := restored(t, m).View().Holds(); cmp.Diff(h, after) != "" {
		t.Errorf("a snapshot brings back %s", cmp.Diff(h, after))
	}
	if r := commit(t, m, 14, backup)[0]; r.Changed || m.View().Holds() != h {
		t.Errorf("a second time: %+v", r)
	}
}

func TestRestoreConfiguration_RefusesHoldsThatCannotBe(t *testing.T) {
	m := withEndpoints(t, "web")
	good := m.View().Configuration(midday())
	many := make([]fsm.Pause, fsm.MaxPauses+1)
	for i := range many {
		many[i] = pauseOf(fmt.Sprint(i), "r")
	}
	for name, c := range map[string]struct {
		pauses  []fsm.Pause
		windows []fsm.Window
		says    string
	}{
		"no reason":      {pauses: []fsm.Pause{pauseOf("db", "")}, says: "the pause of the prefix db: the reason is missing"},
		"two of a scope": {pauses: []fsm.Pause{pauseOf("db", "r"), pauseOf("db", "s")}, says: "is there twice"},
		"too many":       {pauses: many, says: "257 pauses"},
		"no beginning":   {windows: []fsm.Window{{Name: "w", Duration: fsm.Duration(time.Hour)}}, says: `the maintenance window "w": it is not said when`},
		"two of a name":  {windows: []fsm.Window{windowOf("w", time.Hour), windowOf("w", time.Minute)}, says: "is there twice"},
	} {
		bad := good
		bad.Pauses, bad.Windows = c.pauses, c.windows
		if refused := fsm.Validate(m.View(), bad); refused == nil || !strings.Contains(refused.Message, c.says) {
			t.Errorf("%s: got %v", name, refused)
		}
	}
}
