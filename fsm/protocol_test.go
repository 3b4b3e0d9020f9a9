package fsm_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
	"pgregory.net/rapid"

	"tocsin/fsm"
)

// toCome is a build to come, that has learned one thing in protocol 2: labels.
func toCome() fsm.Dialect {
	return fsm.Dialect{Newest: 2, Since: func(c fsm.Command) fsm.Protocol {
		if set, ok := c.(fsm.SetEndpoint); ok && set.Labels != nil {
			return 2
		}
		return 1
	}}
}

func withLabels(key string) fsm.SetEndpoint {
	return fsm.SetEndpoint{Key: key, Labels: &map[string]string{"l": "1"}}
}

func joining(node string, reads fsm.Protocol) fsm.RegisterObserver {
	return fsm.RegisterObserver{Node: node, Incarnation: node, Version: "of " + node, Protocol: reads}
}

// say applies commands in a dialect.
func say(t *testing.T, m *fsm.Machine, d fsm.Dialect, index uint64, commands ...fsm.Command) any {
	t.Helper()
	data, err := d.Encode(commands...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Apply(&raft.Log{Index: index, Term: term, Data: data})
}

func TestProtocol_IsWhatEveryObserverReads(t *testing.T) {
	newer := toCome()
	m := newer.NewMachine()
	step := uint64(0)
	want := func(protocol, inUse fsm.Protocol, commands ...fsm.Command) {
		t.Helper()
		step++
		applied := say(t, m, newer, step, commands...)
		for _, v := range []*fsm.View{m.View(), restoredAs(t, newer, m).View()} {
			if v.Protocol() != protocol || v.ProtocolInUse() != inUse {
				t.Fatalf("after %+v (%v) protocol %d, %d in use; want %d and %d", commands, applied, v.Protocol(), v.ProtocolInUse(), protocol, inUse)
			}
		}
	}
	want(1, 1, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	want(2, 1, joining("n1", 2))
	want(1, 1, joining("n2", 0)) // one that says nothing reads the first
	want(2, 1, joining("n2", 2)) // it was upgraded
	want(1, 1, joining("n2", 1)) // it went back: nothing new was said yet
	want(2, 1, fsm.RemoveObserver{Node: "n2"})
	want(2, 2, withLabels("db"))
	want(2, 2, joining("n2", 1)) // refused
	want(3, 2, joining("n1", 3))
	want(2, 2, joining("n1", 2))
	want(2, 2, fsm.RemoveObserver{Node: "n1"}) // nobody is left, and the log still says it
	want(2, 2, joining("n3", 1))
	if m.View().ObserverCount() != 0 {
		t.Errorf("somebody came in who can't read the log")
	}
}

// TestProtocol_WhatNotAllReadIsNotProposed: whoever asks for it is told whom it
// waits for.
func TestProtocol_WhatNotAllReadIsNotProposed(t *testing.T) {
	newer := toCome()
	m := newer.NewMachine()
	say(t, m, newer, 1, joining("n1", 2), joining("n2", 0), joining("n3", 1), joining("n4", 2))
	r := newer.Validate(m.View(), withLabels("db"))
	if r == nil || r.Code != fsm.Conflict {
		t.Fatalf("it may be proposed: %v", r)
	}
	for _, words := range []string{"SetEndpoint takes protocol 2", "n2 (version of n2, protocol 1), n3 (version of n3, protocol 1)", "upgrade", "take out"} {
		if !strings.Contains(r.Message, words) {
			t.Errorf("%q does not say %q", r.Message, words)
		}
	}
	if r := newer.Validate(m.View(), fsm.SetEndpoint{Key: "db"}); r != nil {
		t.Errorf("what all read: %v", r)
	}
	say(t, m, newer, 2, joining("n2", 2), fsm.RemoveObserver{Node: "n3"})
	if r := newer.Validate(m.View(), withLabels("db")); r != nil {
		t.Errorf("all read it now: %v", r)
	}
	say(t, m, newer, 3, withLabels("db"))
	if r := newer.Validate(m.View(), joining("n3", 1)); r == nil || r.Code != fsm.TooOld || !strings.Contains(r.Message, `"n3" (version of n3) reads the log up to protocol 1, and the cluster uses protocol 2`) {
		t.Errorf("one that can't read the log may come in: %v", r)
	}
}

// TestProtocol_AnEntryThatNotAllReadIsPassedOver: it was proposed just before
// an older node came in. That one can't read it, so nobody does.
func TestProtocol_AnEntryThatNotAllReadIsPassedOver(t *testing.T) {
	newer := toCome()
	for name, d := range map[string]fsm.Dialect{"older": {}, "newer": newer} {
		m := d.NewMachine()
		commit(t, m, 1, joining("n1", 2), joining("n2", 1))
		refused, ok := m.Apply(&raft.Log{Index: 2, Term: term, Data: []byte("\x02 whatever a newer build writes")}).(*fsm.Refusal)
		if !ok || refused.Code != fsm.Conflict || !strings.Contains(refused.Message, "n2") {
			t.Errorf("%s: the entry gave %v", name, refused)
		}
		if v := m.View(); v.Index() != 2 || v.ProtocolInUse() != 1 || m.Err() != nil {
			t.Errorf("%s: at %d, %d in use, %v", name, v.Index(), v.ProtocolInUse(), m.Err())
		}
	}
}

// TestProtocol_AnOlderBuildHaltsRatherThanPart: it was started on the disk of a
// newer one, so the cluster takes it for one that reads all.
func TestProtocol_AnOlderBuildHaltsRatherThanPart(t *testing.T) {
	newer := toCome()
	m := newer.NewMachine()
	say(t, m, newer, 1, joining("n1", 2))
	say(t, m, newer, 2, withLabels("db"))
	check := func(t *testing.T, old *fsm.Machine, err error) {
		if !errors.Is(err, fsm.ErrTooNew) || !woken(old.Halted()) || !errors.Is(err, old.Err()) {
			t.Fatalf("got %v, halted with %v", err, old.Err())
		}
		for _, words := range []string{"newer build", "takes protocol 2", "reads up to 1", "install the version of the other nodes", "nothing is lost"} {
			if !strings.Contains(err.Error(), words) {
				t.Errorf("%q does not say %q", err, words)
			}
		}
	}
	t.Run("at an entry", func(t *testing.T) {
		old := fsm.NewMachine()
		commit(t, old, 1, joining("n1", 2))
		err, _ := say(t, old, newer, 2, withLabels("db")).(error)
		check(t, old, err)
	})
	t.Run("at a snapshot", func(t *testing.T) {
		old := fsm.NewMachine()
		check(t, old, old.Restore(reader(snapshotOf(t, m))))
	})
	t.Run("at a snapshot that says more", func(t *testing.T) {
		old := fsm.NewMachine()
		check(t, old, old.Restore(reader([]byte(`{"format":"tocsin-snapshot","version":2,"surprise":1}`+"\n"))))
	})
}

// TestProtocol_SnapshotsOfWhatAllReadAreAsBefore: nodes that can read more
// write the same snapshots, as long as they have not said it.
func TestProtocol_SnapshotsOfWhatAllReadAreAsBefore(t *testing.T) {
	older, newer := fsm.NewMachine(), toCome().NewMachine()
	for _, m := range []*fsm.Machine{older, newer} {
		commit(t, m, 1, joining("n1", 2), joining("n2", 2), fsm.SetEndpoint{Key: "db"})
	}
	if a, b := snapshotOf(t, older), snapshotOf(t, newer); !slices.Equal(a, b) {
		t.Errorf("the older build:\n%s\nthe newer one:\n%s", a, b)
	}
}

// TestProtocol_OldAndNewNeverPart: nodes of two builds follow one log. While
// there is an observer that reads only the first protocol, the older one
// follows to its end; if it ever halts, it has parted from nobody before.
func TestProtocol_OldAndNewNeverPart(t *testing.T) {
	newer := toCome()
	rapid.Check(t, func(rt *rapid.T) {
		machines := map[string]*fsm.Machine{"older": fsm.NewMachine(), "newer": newer.NewMachine()}
		for index := uint64(1); index <= uint64(rapid.IntRange(1, 60).Draw(rt, "entries")); index++ {
			before := machines["newer"].View()
			var commands []fsm.Command
			for range rapid.IntRange(1, 3).Draw(rt, "commands") {
				// Nobody asks whether all can read it: a leader may be wrong.
				commands = append(commands, draw(rt, before, term))
			}
			data, err := newer.Encode(commands...)
			if err != nil {
				rt.Fatal(err)
			}
			machines["newer"].Apply(&raft.Log{Index: index, Term: term, Data: data})
			machines["older"].Apply(&raft.Log{Index: index, Term: term, Data: data})
			if err := machines["newer"].Err(); err != nil {
				rt.Fatalf("the newer one halted: %v", err)
			}
			if err := machines["older"].Err(); err != nil {
				for o := range before.Observers() {
					if o.Reads() < 2 {
						rt.Fatalf("with %s among the observers the older one halted: %v", o.Node, err)
					}
				}
				if before.ObserverCount() == 0 && before.ProtocolInUse() < 2 {
					rt.Fatalf("with nobody there the older one halted: %v", err)
				}
				mustEqual(rt, "the state until it halted", pictureOf(rt, machines["older"].View()), pictureOf(rt, before))
				return
			}
			mustEqual(rt, "the state of the older one", pictureOf(rt, machines["older"].View()), pictureOf(rt, machines["newer"].View()))
			if rapid.IntRange(0, 9).Draw(rt, "restore") == 0 {
				for name, d := range map[string]fsm.Dialect{"older": {}, "newer": newer} {
					machines[name] = restoredAs(t, d, machines[rapid.SampledFrom([]string{"older", "newer"}).Draw(rt, "from")])
				}
			}
		}
	})
}

func TestDialect_AnEntrySaysNoMoreThanItTakes(t *testing.T) {
	newer := toCome()
	for _, test := range []struct {
		command fsm.Command
		takes   byte
	}{{fsm.SetEndpoint{Key: "k"}, 1}, {withLabels("k"), 2}} {
		data, err := newer.Encode(fsm.DeleteEndpoint{Key: "k"}, test.command)
		if err != nil || data[0] != test.takes {
			t.Fatalf("%+v is written in protocol %d (%v), want %d", test.command, data[0], err, test.takes)
		}
		if _, err := newer.Decode(data); err != nil {
			t.Error(err)
		}
		if _, err := fsm.Decode(data); errors.Is(err, fsm.ErrTooNew) != (test.takes == 2) {
			t.Errorf("this build reads it with %v", err)
		}
		data[0] = 1
		if _, err := newer.Decode(data); (err == nil) != (test.takes == 1) {
			t.Errorf("one that says protocol 1 and takes %d gives %v", test.takes, err)
		}
	}
}

func restoredAs(tb testing.TB, d fsm.Dialect, m *fsm.Machine) *fsm.Machine {
	tb.Helper()
	other := d.NewMachine()
	if err := other.Restore(reader(snapshotOf(tb, m))); err != nil {
		tb.Fatal(err)
	}
	return other
}
