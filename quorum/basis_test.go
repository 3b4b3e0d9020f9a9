package quorum_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// TestLoop_APauseMeetsAProposal: the proposal was made before the pause and is
// applied behind it.
func TestLoop_APauseMeetsAProposal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leader{world: newWorld(t, "", "", "")}
		l.set("db", "v")
		l.obstacle = func(context.Context, fsm.Transition) error {
			time.Sleep(time.Second)
			return nil
		}
		_, stop := l.run()
		defer stop()
		l.allSay(health.Up, "db")
		time.Sleep(time.Second / 2)
		l.must(pauseOf(fsm.Scope{}, time.Time{}))
		time.Sleep(3 * time.Second)
		l.expect("it was overtaken", health.Unknown, 0)
		l.must(fsm.ResumeEndpoints{})
		time.Sleep(time.Second / 2)
		l.must(pauseOf(fsm.Scope{Prefix: "elsewhere"}, time.Time{}))
		time.Sleep(3 * time.Second / 2)
		l.expect("a pause of others costs no more than another try", health.Up, 1)
	})
}

// TestLoop_WhatForbidsItMeetsAProposal: the proposal was made before that and is
// applied behind it, and then it is held back.
func TestLoop_WhatForbidsItMeetsAProposal(t *testing.T) {
	braked := fsm.DefaultClusterSettings()
	braked.Brake = 1
	for name, between := range map[string]fsm.Command{
		"a parent goes DOWN":  fsm.ForceState{Key: "router", To: health.Down, Manual: fsm.Manual{Reason: "r"}, Leader: "node1"},
		"the brake":           fsm.ChangeSettings{Settings: braked},
		"another parent":      fsm.SetEndpoint{Key: "db", Value: "v", Parents: &[]string{"dark"}},
		"another grandparent": fsm.SetEndpoint{Key: "router", Value: "v", Parents: &[]string{"dark"}},
	} {
		t.Run(name, func(t *testing.T) {
			slowly(t, func(l *leader) {
				l.must(between)
				time.Sleep(5 * time.Second)
				l.allSay(health.Down, "db")
				time.Sleep(5 * time.Second)
				l.expect("it was overtaken", health.Up, 1)
				if n := l.count(); n != 2 {
					t.Errorf("%d proposals, want the baseline and the one that was refused", n)
				}
			})
		})
	}
}

// TestLoop_WhatForbidsNothingMeetsAProposal: what was decided under something
// that is not so any more is decided again at once, and not after a rest.
func TestLoop_WhatForbidsNothingMeetsAProposal(t *testing.T) {
	patient := fsm.DefaultClusterSettings()
	patient.EventsKept = 100
	for name, between := range map[string]fsm.Command{
		"an observer starts again": fsm.RegisterObserver{Node: "node3", Incarnation: "new"},
		"other settings":           fsm.ChangeSettings{Settings: patient},
		"a label":                  fsm.SetEndpoint{Key: "db", Value: "v", Labels: &map[string]string{"l": "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			slowly(t, func(l *leader) {
				l.must(between)
				time.Sleep(time.Second)
				l.expect("it was overtaken, and decided again", health.Up, 1)
				time.Sleep(time.Second)
				l.expect("that was under way for a second", health.Down, 2)
			})
		})
	}
}

// slowly has db agreed to be DOWN, below a router, and calls meanwhile half a
// second after that; a proposal takes a second.
func slowly(t *testing.T, meanwhile func(*leader)) {
	synctest.Test(t, func(t *testing.T) {
		l := &leader{world: newWorld(t, "", "", "")}
		l.setMany(3)
		l.set("router", "v")
		l.set("dark", "v")
		l.must(fsm.SetEndpoint{Key: "db", Value: "v", Parents: &[]string{"router"}})
		l.must(fsm.ForceState{Key: "dark", To: health.Down, Manual: fsm.Manual{Reason: "r"}, Leader: "node1"})
		l.obstacle = func(context.Context, fsm.Transition) error {
			time.Sleep(time.Second)
			return nil
		}
		_, stop := l.run()
		defer stop()
		l.allSay(health.Up, "db")
		time.Sleep(time.Second)
		l.expect("baseline", health.Up, 1)
		l.allSay(health.Down, "db")
		time.Sleep(time.Second / 2)
		meanwhile(l)
	})
}
