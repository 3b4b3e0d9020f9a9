package backup_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/backup"
	"tocsin/fsm"
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
