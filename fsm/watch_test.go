package fsm_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tocsin/fsm"
)

// watchers watch everything there is to watch of a View.
type watchers struct {
	view           *fsm.View
	keys, prefixes map[string]<-chan struct{}
}

func watch(v *fsm.View) watchers {
	w := watchers{view: v, keys: map[string]<-chan struct{}{}, prefixes: map[string]<-chan struct{}{}}
	for _, key := range keys {
		for i := range len(key) + 1 {
			w.prefixes[key[:i]] = v.WatchPrefix(key[:i])
			w.prefixes[key[:i]+"-"] = v.WatchPrefix(key[:i] + "-")
		}
		w.keys[key] = v.WatchKey(key)
	}
	return w
}

func woken(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// check tells who slept through the way from their View to now.
func (w watchers) check(now *fsm.View) error {
	if w.view != now && !woken(w.view.Superseded()) {
		return fmt.Errorf("Superseded of index %d sleeps at index %d", w.view.Index(), now.Index())
	}
	if woken(now.Superseded()) {
		return fmt.Errorf("the newest View, of index %d, is said to be superseded", now.Index())
	}
	if w.view.SettingsIndex() != now.SettingsIndex() && !woken(w.view.SettingsReplaced()) {
		return fmt.Errorf("SettingsReplaced of index %d sleeps at index %d", w.view.Index(), now.Index())
	}
	before, after := endpointsOf(w.view), endpointsOf(now)
	for _, key := range keys {
		old, was := before[key]
		young, is := after[key]
		if was == is && old.Modified == young.Modified {
			continue
		}
		if !woken(w.keys[key]) {
			return fmt.Errorf("WatchKey(%q) of index %d sleeps at index %d", key, w.view.Index(), now.Index())
		}
		for prefix, c := range w.prefixes {
			if strings.HasPrefix(key, prefix) && !woken(c) {
				return fmt.Errorf("WatchPrefix(%q) of index %d sleeps through a change of %q at index %d", prefix, w.view.Index(), key, now.Index())
			}
		}
	}
	return nil
}

func TestWatch_EveryChangeWakesEveryWatcher(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := fsm.NewMachine()
		w := watch(m.View())
		index := uint64(0)
		for range rapid.IntRange(1, 30).Draw(rt, "entries") {
			var commands []fsm.Command
			for range rapid.IntRange(1, 4).Draw(rt, "commands") {
				commands = append(commands, draw(rt, m.View(), term))
			}
			index++
			commit(t, m, index, commands...)
			if err := w.check(m.View()); err != nil {
				rt.Fatal(err)
			}
			w = watch(m.View())
		}
	})
}

func TestWatch_WhatDoesNotChangeSleeps(t *testing.T) {
	m, index := machineOf(t, 100)
	other := m.View().WatchKey("service/00007")
	commit(t, m, index+1, fsm.SetEndpoint{Key: "service/00042", Value: "new"})
	if woken(other) {
		t.Error("the watcher of another key was woken")
	}
	commit(t, m, index+2, fsm.RegisterObserver{Node: "n1", Incarnation: "x"})
	if woken(other) {
		t.Error("the watcher of a key was woken by an observer")
	}
}

// TestWatch_RestoreWakesAll: also those who watch an empty state, and also when
// there are more of them than the tree keeps count of.
func TestWatch_RestoreWakesAll(t *testing.T) {
	for _, n := range []int{0, 1, 100, 10_000} {
		t.Run(fmt.Sprintf("endpoints=%d", n), func(t *testing.T) {
			m, _ := machineOf(t, n)
			v := m.View()
			channels := []<-chan struct{}{v.Superseded(), v.WatchKey(""), v.WatchKey("absent"), v.WatchPrefix(""), v.WatchPrefix("service/"), v.WatchPrefix("absent/")}
			for e := range v.Endpoints("") {
				channels = append(channels, v.WatchKey(e.Key), v.WatchKey(e.Key+"x"), v.WatchPrefix(e.Key))
			}
			if err := m.Restore(reader(snapshotOf(t, m))); err != nil {
				t.Fatal(err)
			}
			for i, c := range channels {
				if !woken(c) {
					t.Fatalf("watcher %d of %d sleeps", i, len(channels))
				}
			}
			if woken(m.View().Superseded()) || woken(m.View().WatchKey("absent")) {
				t.Error("those who watch the restored state were woken too")
			}
		})
	}
}

// TestWatch_LargeEntries changes more than the tree keeps count of in one go.
func TestWatch_LargeEntries(t *testing.T) {
	m, index := machineOf(t, 10_000)
	v := m.View()
	var channels []<-chan struct{}
	for e := range v.Endpoints("") {
		channels = append(channels, v.WatchKey(e.Key))
	}
	settings := fsm.DefaultClusterSettings()
	settings.Verify = "other.sh" // a new revision for each
	commit(t, m, index+1, fsm.ChangeSettings{Settings: settings})
	for i, c := range channels {
		if !woken(c) {
			t.Fatalf("watcher %d of %d sleeps", i, len(channels))
		}
	}
}
