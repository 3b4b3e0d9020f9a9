package fsm_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/fsm"
	"tocsin/health"
)

// sets returns n commands that set keys from first on.
func sets(first, n int, value string) []fsm.Command {
	commands := make([]fsm.Command, n)
	for i := range commands {
		commands[i] = fsm.SetEndpoint{Key: fmt.Sprintf("service/%05d", first+i), Value: value}
	}
	return commands
}

// machineOf returns a Machine with n endpoints, and the index it stands at.
func machineOf(tb testing.TB, n int) (*fsm.Machine, uint64) {
	tb.Helper()
	m, index := fsm.NewMachine(), uint64(1)
	commit(tb, m, index, fsm.Found{ClusterID: "bench", Settings: fsm.DefaultClusterSettings()})
	for first := 0; first < n; first += 1000 {
		index++
		commit(tb, m, index, sets(first, min(1000, n-first), "10.0.0.1:8091")...)
	}
	return m, index
}

func commit(tb testing.TB, m *fsm.Machine, index uint64, commands ...fsm.Command) []fsm.Result {
	tb.Helper()
	return applyBytes(tb, m, index, encode(tb, commands...))
}

func encode(tb testing.TB, commands ...fsm.Command) []byte {
	tb.Helper()
	data, err := fsm.Encode(commands...)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func applyBytes(tb testing.TB, m *fsm.Machine, index uint64, data []byte) []fsm.Result {
	tb.Helper()
	results, ok := m.Apply(&raft.Log{Index: index, Term: term, Data: data}).([]fsm.Result)
	if !ok {
		tb.Fatal(m.Err())
	}
	return results
}

// term is the term of every entry of the tests that don't care.
const term = 7

// BenchmarkApply sets endpoints among 10,000.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("sets=%d", n), func(b *testing.B) {
			m, index := machineOf(b, 10_000)
			entries := [][]byte{encode(b, sets(5000, n, "a")...), encode(b, sets(5000, n, "b")...)}
			b.ReportAllocs()
			for b.Loop() {
				index++
				applyBytes(b, m, index, entries[index%2])
			}
		})
	}
}

// BenchmarkApply_Transition turns one endpoint among 10,000 up and down, with
// as many events kept as there may be by default.
func BenchmarkApply_Transition(b *testing.B) {
	m, index := machineOf(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		e, _ := m.View().Endpoint("service/05000")
		index++
		results := commit(b, m, index, turn(m.View(), e))
		if results[0].Refused != nil {
			b.Fatal(results[0].Refused)
		}
	}
}

// turn returns the transition that fits e.
func turn(v *fsm.View, e *fsm.Endpoint) fsm.Transition {
	to := health.Up
	if e.State == health.Up {
		to = health.Down
	}
	votes := make([]fsm.Vote, 5)
	for i := range votes {
		votes[i] = fsm.Vote{Node: fmt.Sprintf("n%d", i), Site: "s", Verdict: to, Age: fsm.Duration(time.Second), Reason: "connection refused"}
	}
	return fsm.Transition{
		Key: e.Key, Basis: v.Basis(e), To: to,
		Term: term, Time: time.Unix(1_800_000_000, 0).UTC(), Leader: "n1", Quorum: 3, Votes: votes,
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, n := range []int{1, 100} {
		commands := sets(0, n, "10.0.0.1:8091")
		b.Run(fmt.Sprintf("sets=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				encode(b, commands...)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, n := range []int{1, 100} {
		data := encode(b, sets(0, n, "10.0.0.1:8091")...)
		b.Run(fmt.Sprintf("sets=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := fsm.Decode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSnapshot takes the same time whatever the number of endpoints.
func BenchmarkSnapshot(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("endpoints=%d", n), func(b *testing.B) {
			m, _ := machineOf(b, n)
			for b.Loop() {
				if _, err := m.Snapshot(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPersist(b *testing.B) {
	m, _ := machineOf(b, 10_000)
	s, err := m.Snapshot()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var to sink
		if err := s.Persist(&to); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(to.Len()))
	}
}

func BenchmarkRestore(b *testing.B) {
	from, _ := machineOf(b, 10_000)
	data := snapshotOf(b, from)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := fsm.NewMachine().Restore(io.NopCloser(bytes.NewReader(data))); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkView_ChangesSince(b *testing.B) {
	m, index := machineOf(b, 10_000)
	commit(b, m, index+1, fsm.SetEndpoint{Key: "service/05000", Value: "other"})
	v := m.View()
	b.ReportAllocs()
	for b.Loop() {
		if c := v.ChangesSince(index); len(c.Modified) != 1 {
			b.Fatal(c)
		}
	}
}

func BenchmarkView_Endpoint(b *testing.B) {
	m, _ := machineOf(b, 10_000)
	v := m.View()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := v.Endpoint("service/05000"); !ok {
			b.Fatal("it is gone")
		}
	}
}

// sink is a raft.SnapshotSink in memory.
type sink struct {
	bytes.Buffer
	cancelled, closed bool
}

func (s *sink) ID() string    { return "memory" }
func (s *sink) Cancel() error { s.cancelled = true; return nil }
func (s *sink) Close() error  { s.closed = true; return nil }

func snapshotOf(tb testing.TB, m *fsm.Machine) []byte {
	tb.Helper()
	s, err := m.Snapshot()
	if err != nil {
		tb.Fatal(err)
	}
	defer s.Release()
	var to sink
	if err := s.Persist(&to); err != nil {
		tb.Fatal(err)
	}
	if !to.closed || to.cancelled {
		tb.Fatal("the sink was not closed well")
	}
	return to.Bytes()
}

func reader(data []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(data)) }
