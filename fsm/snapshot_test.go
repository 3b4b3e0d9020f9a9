package fsm_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"tocsin/fsm"
)

// rich returns a Machine that has some of everything, gaps between slots too.
func rich(tb testing.TB) *fsm.Machine {
	tb.Helper()
	m := withEvent(tb)
	labels := map[string]string{"l": "<1>"}
	commit(tb, m, 6,
		fsm.SetEndpoint{Key: "a", Value: "1"}, fsm.SetEndpoint{Key: "b", Value: "\u2028", Labels: &labels},
		fsm.SetEndpoint{Key: "c", Value: "3", Overrides: &fsm.Overrides{Quorum: new(fsm.Quorum(3))}})
	commit(tb, m, 7, fsm.DeleteEndpoint{Key: "a"})
	commit(tb, m, 8, fsm.RecordOutcome{Outcome: fsm.Outcome{Event: 4, Node: "n1", Role: fsm.Follower, Ending: fsm.Done, Attempt: 1, Output: "ok\n"}})
	return m
}

func TestSnapshot_IsByteForByteTheSameOnEveryNode(t *testing.T) {
	m := rich(t)
	first := snapshotOf(t, m)
	if second := snapshotOf(t, restored(t, m)); !bytes.Equal(first, second) {
		t.Errorf("before:\n%s\nafter:\n%s", first, second)
	}
	mustEqual(t, "the state", pictureOf(t, restored(t, m).View()), pictureOf(t, m.View()))
}

func TestSnapshot_SlotsAreGivenOutAsBefore(t *testing.T) {
	m := rich(t)
	twin := restored(t, m)
	for i := range uint64(4) {
		c := fsm.SetEndpoint{Key: fmt.Sprint("new", i)}
		commit(t, m, 9+i, c)
		commit(t, twin, 9+i, c)
	}
	mustEqual(t, "slots", pictureOf(t, twin.View()).Slots, pictureOf(t, m.View()).Slots)
}

// TestRestore_RefusesADamagedFile cuts the file at each place, and spoils each
// of its bytes in several ways.
func TestRestore_RefusesADamagedFile(t *testing.T) {
	good := snapshotOf(t, rich(t))
	m := withEvent(t)
	before := m.View()
	refuse := func(how string, data []byte) {
		t.Helper()
		if err := m.Restore(reader(data)); err == nil {
			t.Fatalf("%s: restored:\n%s", how, data)
		}
		if m.View() != before || woken(before.Superseded()) {
			t.Fatalf("%s: it was refused, and the View changed", how)
		}
	}
	for i := range good {
		refuse(fmt.Sprintf("cut at %d", i), good[:i])
		// One way for each place, so that it stays quick; the end, which no
		// checksum covers, in every way.
		ways := spoil(good, i)
		if i < len(good)-100 {
			ways = ways[i%len(ways):][:1]
		}
		for _, way := range ways {
			if !bytes.Equal(way, good) {
				refuse(fmt.Sprintf("spoiled at %d", i), way)
			}
		}
	}
	refuse("something behind it", append(bytes.Clone(good), "{}\n"...))
	refuse("twice", append(bytes.Clone(good), good...))
	if err := m.Restore(reader(good)); err != nil {
		t.Fatal(err)
	}
}

// spoil returns ways in which data can be damaged at byte i.
func spoil(data []byte, i int) [][]byte {
	ways := [][]byte{
		slices.Concat(data[:i], data[i+1:]), // it is missing
		slices.Concat(data[:i+1], data[i:]), // it is there twice
	}
	for _, with := range []byte{data[i] ^ 1, data[i] ^ 0x20, data[i] ^ 0x80, '\n', '\r', ' ', 0} {
		ways = append(ways, slices.Concat(data[:i], []byte{with}, data[i+1:]))
	}
	return ways
}
