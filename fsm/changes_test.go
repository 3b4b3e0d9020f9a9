package fsm_test

import (
	"fmt"
	"testing"

	"tocsin/fsm"
)

// deletionsKept is how many deletions can be told one by one.
const deletionsKept = 10_000

func TestChangesSince_BeyondTheDeletionsKeptIsEverything(t *testing.T) {
	m, index := machineOf(t, deletionsKept+100)
	start := index
	for first := 0; first < deletionsKept+100; first += 100 {
		index++
		var deletes []fsm.Command
		for i := range 100 {
			deletes = append(deletes, fsm.DeleteEndpoint{Key: fmt.Sprintf("service/%05d", first+i)})
		}
		commit(t, m, index, deletes...)
	}
	v := m.View()
	if !v.ChangesSince(start).Everything {
		t.Error("the deletions of the first entry are told, and should be forgotten")
	}
	if c := v.ChangesSince(start + 1); c.Everything || len(c.Deleted) != deletionsKept {
		t.Errorf("since the first entry: everything %v, %d deleted", c.Everything, len(c.Deleted))
	}
	commit(t, m, index+1, fsm.SetEndpoint{Key: "x"})
	commit(t, m, index+2, fsm.DeleteEndpoint{Key: "x"})
	v = m.View()
	if !v.ChangesSince(start + 1).Everything {
		t.Error("one deletion of the second entry is forgotten, and nobody is told")
	}
	if c := v.ChangesSince(start + 2); c.Everything || len(c.Deleted) != deletionsKept-100 {
		t.Errorf("since the second entry: everything %v, %d deleted", c.Everything, len(c.Deleted))
	}
}

func TestChangesSince_WhatCameAndWentUnseenIsNotTold(t *testing.T) {
	m, index := machineOf(t, 1)
	known := "service/00000"
	commit(t, m, index+1,
		fsm.SetEndpoint{Key: "new"}, fsm.DeleteEndpoint{Key: "new"},
		fsm.DeleteEndpoint{Key: known}, fsm.SetEndpoint{Key: known}, fsm.DeleteEndpoint{Key: known})
	if c := m.View().ChangesSince(index); fmt.Sprint(c.Deleted, c.Modified) != "["+known+"] []" {
		t.Errorf("changes %+v, want only that %s is gone", c, known)
	}
}

func TestChangesSince_AfterARestoreOfThePast(t *testing.T) {
	past, index := machineOf(t, 3)
	m := restored(t, past)
	commit(t, m, index+5, fsm.SetEndpoint{Key: "never was", Value: "v"})
	known := m.View().Index()
	if err := m.Restore(reader(snapshotOf(t, past))); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if !m.View().ChangesSince(known).Everything {
			t.Errorf("at index %d, ChangesSince(%d) claims to know what came of a history that is no more", m.View().Index(), known)
		}
		commit(t, m, m.View().Index()+4, fsm.SetEndpoint{Key: "x", Value: fmt.Sprint(m.View().Index())})
	}
}

// TestChangesSince_AfterARestoreOfTheFuture: a snapshot does not tell what was
// deleted on the way to it.
func TestChangesSince_AfterARestoreOfTheFuture(t *testing.T) {
	ahead, index := machineOf(t, 3)
	m := restored(t, ahead)
	commit(t, ahead, index+1, fsm.DeleteEndpoint{Key: "service/00001"})
	commit(t, ahead, index+2, fsm.SetEndpoint{Key: "x"})
	known := m.View().Index()
	if err := m.Restore(reader(snapshotOf(t, ahead))); err != nil {
		t.Fatal(err)
	}
	if !m.View().ChangesSince(known).Everything {
		t.Error("a deletion that the snapshot does not tell of goes unseen")
	}
	if c := m.View().ChangesSince(index + 2); c.Everything || len(c.Deleted)+len(c.Modified) != 0 {
		t.Errorf("since the snapshot itself: %+v, want nothing", c)
	}
}
