package fsm_test

import (
	"strings"
	"testing"

	"tocsin/fsm"
	"tocsin/health"
)

// TestTransition_IsJudgedByWhatWasAcknowledged: whoever was told that something
// that forbids a change is so does not see it made behind that.
func TestTransition_IsJudgedByWhatWasAcknowledged(t *testing.T) {
	settings := func(change func(*fsm.ClusterSettings)) fsm.ChangeSettings {
		s := fsm.DefaultClusterSettings()
		change(&s)
		return fsm.ChangeSettings{Settings: s}
	}
	down := func(key string) fsm.ForceState {
		return fsm.ForceState{Key: key, To: health.Down, Manual: fsm.Manual{Reason: "r"}, Leader: "n1"}
	}
	for name, c := range map[string]struct {
		between fsm.Command
		words   string // "" when it is done all the same
		force   bool
	}{
		"a parent goes DOWN":                   {between: down("router"), words: "router"},
		"another goes DOWN":                    {between: down("other")},
		"a parent goes DOWN, and it is forced": {between: down("router"), force: true},
		"the brake":                            {between: settings(func(s *fsm.ClusterSettings) { s.Brake = 1 }), words: "settings"},
		"the brake, and it is forced":          {between: settings(func(s *fsm.ClusterSettings) { s.Brake = 1 }), force: true},
		"a higher quorum":                      {between: settings(func(s *fsm.ClusterSettings) { s.Quorum = 9 }), words: "settings"},
		"a quorum of its own":                  {between: fsm.SetEndpoint{Key: "leaf", Value: "v", Overrides: &fsm.Overrides{Quorum: new(fsm.Quorum(9))}}, words: "was changed"},
		"another parent":                       {between: fsm.SetEndpoint{Key: "leaf", Value: "v", Parents: &[]string{"other"}}, words: "was changed"},
		"another observer":                     {between: fsm.RegisterObserver{Node: "n9", Incarnation: "x"}, words: "observers"},
		"an observer less":                     {between: fsm.RemoveObserver{Node: "n1"}, words: "observers"},
		"another grandparent":                  {between: fsm.SetEndpoint{Key: "router", Value: "v", Parents: &[]string{"dark"}}, words: "dark"},
	} {
		t.Run(name, func(t *testing.T) {
			m := withEndpoints(t, "leaf", "router", "other", "dark")
			commit(t, m, 10, fsm.SetEndpoint{Key: "leaf", Value: "v", Parents: &[]string{"router"}})
			commit(t, m, 11, fsm.RegisterObserver{Node: "n1", Incarnation: "x"})
			commit(t, m, 12, down("dark"))
			leaf, _ := m.View().Endpoint("leaf")
			var command fsm.Command = down("leaf")
			if !c.force {
				change := turn(m.View(), leaf)
				change.To = health.Down
				command = change
			}
			if r := commit(t, m, 13, c.between)[0]; !r.Changed {
				t.Fatalf("it answers %+v", r)
			}
			switch r := commit(t, m, 14, command)[0]; {
			case c.words == "" && r.Refused != nil:
				t.Errorf("it refuses %v", r.Refused)
			case c.words != "" && (r.Refused == nil || r.Refused.Code != fsm.Conflict || !strings.Contains(r.Refused.Message, c.words)):
				t.Errorf("it answers %+v, want a refusal that names %q", r, c.words)
			}
		})
	}
}

// TestTransition_TheBrakeIsOfThisMoment: how many are DOWN, and of how many, is
// counted where the change is applied.
func TestTransition_TheBrakeIsOfThisMoment(t *testing.T) {
	m := withEndpoints(t, "a", "b", "c", "d")
	settings := fsm.DefaultClusterSettings()
	settings.Brake = 25
	commit(t, m, 10, fsm.ChangeSettings{Settings: settings})
	refused := func(index uint64, key string, before ...fsm.Command) bool {
		e, _ := m.View().Endpoint(key)
		change := turn(m.View(), e)
		change.To = health.Down
		results := commit(t, m, index, append(before, change)...)
		return results[len(results)-1].Refused != nil
	}
	if !refused(11, "a", fsm.DeleteEndpoint{Key: "d"}) {
		t.Error("one of three goes DOWN, and a quarter may be")
	}
	if refused(12, "a", fsm.SetEndpoint{Key: "d", Value: "v"}, fsm.SetEndpoint{Key: "d", Value: "w"}) {
		t.Error("one of four does not go DOWN")
	}
	if !refused(13, "b") {
		t.Error("two of four go DOWN")
	}
	m = restored(t, m)
	if !refused(14, "b") {
		t.Error("after a restore two of four go DOWN")
	}
}
