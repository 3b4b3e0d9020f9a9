package fsm_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/raft"

	"tocsin/fsm"
)

func TestMachine_HaltsAtWhatItCanNotRead(t *testing.T) {
	for name, entry := range map[string]string{
		"start": `[{"delete":{"key":"db"}}]`,
		"kind":  "\x01" + `[{"delete":{"key":"db"}},{"explode":{"key":"db"}}]`,
		"field": "\x01" + `[{"delete":{"key":"db","softly":true}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			m := withEvent(t)
			before := m.View()
			data := snapshotOf(t, m)
			if woken(m.Halted()) || m.Err() != nil {
				t.Fatal("it is halted from the start")
			}
			err, ok := m.Apply(&raft.Log{Index: 6, Term: term, Data: []byte(entry)}).(error)
			if !ok || !strings.Contains(err.Error(), "entry 6") || !strings.Contains(err.Error(), "newer build") || !strings.Contains(err.Error(), "tocsin recover quarantine --all") {
				t.Errorf("Apply returned %v", err)
			}
			if !woken(m.Halted()) || m.Err() != err {
				t.Errorf("Halted is closed: %v, Err is %v", woken(m.Halted()), m.Err())
			}
			if again := m.Apply(logOf(t, 7, term, fsm.DeleteEndpoint{Key: "db"})); again != err {
				t.Errorf("Apply of what comes after returned %v", again)
			}
			if _, err := m.Snapshot(); err == nil {
				t.Error("a snapshot of it was taken, as if it stood where raft thinks")
			}
			if err := m.Restore(reader(data)); err == nil {
				t.Error("it was restored")
			}
			if m.View() != before || woken(before.Superseded()) {
				t.Error("the View did not stand still")
			}
		})
	}
}

// TestMachine_ReadersNeverMeetAChange reads, watches and persists while entries
// are applied and snapshots restored; the race detector looks on.
func TestMachine_ReadersNeverMeetAChange(t *testing.T) {
	m, index := machineOf(t, 50)
	for i := range 3 {
		commit(t, m, index+1+uint64(i), fsm.RegisterObserver{Node: nodes[i], Incarnation: "x"})
	}
	index += 3
	var group sync.WaitGroup
	defer group.Wait()
	done := make(chan struct{})
	defer close(done)
	for range 2 {
		group.Go(func() { readOn(t, m, done) })
		group.Go(func() { followOn(t, m, done) })
	}
	for i := range uint64(400) {
		e, _ := m.View().Endpoint("service/00007")
		index++
		commit(t, m, index, turn(m.View(), e), fsm.SetEndpoint{Key: "x", Value: "v"}, fsm.RecordOutcome{Outcome: fsm.Outcome{Event: m.View().LastEvent(), Node: "n1", Role: fsm.Leader, Ending: fsm.Done}})
		if i%3 == 0 {
			index++
			commit(t, m, index, fsm.DeleteEndpoint{Key: "x"})
		}
		if i%20 == 0 {
			s, err := m.Snapshot() // as raft does: taken between entries, written beside them
			if err != nil {
				t.Fatal(err)
			}
			group.Go(func() {
				if err := s.Persist(new(sink)); err != nil {
					t.Error(err)
				}
			})
		}
		if i%100 == 50 {
			if err := m.Restore(reader(snapshotOf(t, m))); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// readOn looks at whole Views.
func readOn(t *testing.T, m *fsm.Machine, done <-chan struct{}) {
	for !woken(done) {
		v := m.View()
		first, second := pictureOf(quiet{t}, v), pictureOf(quiet{t}, v)
		if first.LastEvent != second.LastEvent || len(first.Endpoints) != len(second.Endpoints) {
			t.Error("a View has changed")
			return
		}
	}
}

// followOn follows from View to View as watchers do, and must never lose one.
func followOn(t *testing.T, m *fsm.Machine, done <-chan struct{}) {
	v := m.View()
	known := endpointsOf(v)
	for {
		select {
		case <-done:
			return
		case <-v.Superseded():
		case <-v.WatchKey("x"):
		}
		next := m.View()
		changes := next.ChangesSince(v.Index())
		if changes.Everything {
			known = endpointsOf(next)
		}
		for _, key := range changes.Deleted {
			delete(known, key)
		}
		for _, e := range changes.Modified {
			known[e.Key] = *e
		}
		if len(known) != next.EndpointCount() {
			t.Errorf("a follower knows %d endpoints, and there are %d", len(known), next.EndpointCount())
			return
		}
		v = next
	}
}

// quiet lets pictureOf be used beside the test's own goroutine.
type quiet struct{ t *testing.T }

func (quiet) Helper()                     {}
func (q quiet) Fatalf(f string, a ...any) { q.t.Errorf(f, a...) }

// brokenSink fails to write after so many bytes, as a full disk does.
type brokenSink struct {
	sink
	room int
}

var errFull = errors.New("no space left on device")

func (s *brokenSink) Write(p []byte) (int, error) {
	if s.Len()+len(p) > s.room {
		return 0, errFull
	}
	return s.sink.Write(p)
}

func TestPersist_OnAFullDiskCancels(t *testing.T) {
	m, _ := machineOf(t, 10_000)
	s, err := m.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range []int{0, 300 << 10} {
		to := &brokenSink{room: room}
		if err := s.Persist(to); !errors.Is(err, errFull) || !to.cancelled || to.closed {
			t.Errorf("with room for %d bytes: %v, cancelled %v, closed %v", room, err, to.cancelled, to.closed)
		}
	}
}
