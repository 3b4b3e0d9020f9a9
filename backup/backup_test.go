package backup_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/backup"
	"tocsin/fsm"
	"tocsin/health"
)

var taken = time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)

// file returns a file with one endpoint, one pause and one window in it.
func file(tb testing.TB) []byte {
	tb.Helper()
	m := fsm.NewMachine()
	data, err := fsm.Encode(fsm.Found{ClusterID: "c1", Settings: fsm.DefaultClusterSettings()}, fsm.SetEndpoint{Key: "db", Value: "v"},
		fsm.PauseEndpoints{Pause: fsm.Pause{Reason: "r", Since: taken}},
		fsm.SetWindow{Window: fsm.Window{Name: "w", Cron: "0 3 * * 0", Duration: fsm.Duration(time.Hour)}})
	if err != nil {
		tb.Fatal(err)
	}
	m.Apply(&raft.Log{Index: 7, Term: 1, Data: data})
	var b bytes.Buffer
	if err := backup.Write(&b, m.View(), "node1", "1.0", taken); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestRead_ReadsWhatWasWritten(t *testing.T) {
	b, err := backup.Read(bytes.NewReader(file(t)))
	if err != nil {
		t.Fatal(err)
	}
	if b.Cluster != "c1" || b.Node != "node1" || b.Index != 7 || !b.Time.Equal(taken) || b.Contents() != (backup.Contents{Endpoints: 1, Pauses: 1, Windows: 1}) {
		t.Errorf("got %+v, %+v", b.Header, b.Contents())
	}
	if e, ok := b.View.Endpoint("db"); !ok || e.Value != "v" {
		t.Errorf("got %+v", e)
	}
}

// TestRead_FindsEveryDamage: no byte can be another, and none can be missing.
func TestRead_FindsEveryDamage(t *testing.T) {
	whole := file(t)
	for i := range whole {
		spoiled := bytes.Clone(whole)
		spoiled[i] ^= 0x20
		if _, err := backup.Read(bytes.NewReader(spoiled)); err == nil {
			t.Errorf("byte %d is another, and nobody sees it", i)
		}
		if _, err := backup.Read(bytes.NewReader(whole[:i])); err == nil {
			t.Errorf("%d bytes are taken for all", i)
		}
	}
	if _, err := backup.Read(bytes.NewReader(append(whole, '\n'))); err == nil {
		t.Error("something behind the end is not seen")
	}
	newer := strings.Replace(string(whole), `"version":1`, `"version":2`, 1)
	if _, err := backup.Read(strings.NewReader(newer)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("got %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(file(f))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if b, err := backup.Read(bytes.NewReader(text)); err == nil && b.View == nil {
			t.Error("neither a state nor an error")
		}
	})
}

// TestWrite_KeepsTheNewestEvents: however many there are, and whatever scripts have
// said about them, what is put back is in the file, and the file can be read.
func TestWrite_KeepsTheNewestEvents(t *testing.T) {
	m := fsm.NewMachine()
	index := uint64(0)
	apply := func(commands ...fsm.Command) {
		t.Helper()
		data, err := fsm.Encode(commands...)
		if err != nil {
			t.Fatal(err)
		}
		index++
		for _, r := range m.Apply(&raft.Log{Index: index, Term: 1, Data: data}).([]fsm.Result) {
			if r.Refused != nil {
				t.Fatal(r.Refused)
			}
		}
	}
	apply(fsm.Found{ClusterID: "c1", Settings: fsm.DefaultClusterSettings()}, fsm.SetEndpoint{Key: "db", Value: "v"},
		fsm.RegisterObserver{Node: "n0", Incarnation: "x"}, fsm.RegisterObserver{Node: "n1", Incarnation: "x"})
	const events, nodes = 3000, 2
	for range events {
		e, _ := m.View().Endpoint("db")
		to := health.Up
		if e.State == health.Up {
			to = health.Down
		}
		apply(fsm.Transition{Key: "db", Basis: m.View().Basis(e), To: to, Term: 1})
		var outcomes []fsm.Command
		for n := range nodes {
			outcomes = append(outcomes, fsm.RecordOutcome{Outcome: fsm.Outcome{
				Event: m.View().LastEvent(), Node: fmt.Sprint("n", n), Role: fsm.Follower, Ending: fsm.Done, Attempt: 1, Output: strings.Repeat("\n", fsm.MaxOutput),
			}})
		}
		apply(outcomes...)
	}
	var text bytes.Buffer
	if err := backup.Write(&text, m.View(), "node1", "1.0", taken); err != nil {
		t.Fatal(err)
	}
	if size := text.Len(); size > backup.MaxHistory+10_000 || size < backup.MaxHistory/2 {
		t.Errorf("the file has %d bytes", size)
	}
	b, err := backup.Read(&text)
	if err != nil {
		t.Fatal(err)
	}
	kept := b.Contents().Events
	if kept == 0 || kept >= events || b.Contents().Endpoints != 1 || b.View.LastEvent() != m.View().LastEvent() || b.Restorable(taken) != nil {
		t.Errorf("got %+v, %v", b.Contents(), b.Restorable(taken))
	}
	if _, there := b.View.Event(m.View().LastEvent()); !there {
		t.Error("the newest event is missing")
	}
	if _, there := b.View.Event(b.View.LastForgotten()); there || b.View.LastForgotten() == 0 {
		t.Errorf("event %d is said to be missing", b.View.LastForgotten())
	}
}

func TestRestorable(t *testing.T) {
	m := fsm.NewMachine()
	index := uint64(1)
	for i := range 300 {
		data, err := fsm.Encode(fsm.SetEndpoint{Key: fmt.Sprint("e", i), Value: strings.Repeat("v", 60_000)})
		if err != nil {
			t.Fatal(err)
		}
		m.Apply(&raft.Log{Index: index, Term: 1, Data: data})
		index++
	}
	var text bytes.Buffer
	if err := backup.Write(&text, m.View(), "node1", "1.0", taken); err != nil {
		t.Fatal(err)
	}
	b, err := backup.Read(&text)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Restorable(taken); err == nil || !strings.Contains(err.Error(), "at most 16777216 can be written at once") {
		t.Errorf("got %v", err)
	}
}
