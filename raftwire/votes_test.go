package raftwire

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/hcslog"
)

// process is a process of a node, at an address that another one may have had.
func process(t *testing.T, node raft.ServerID, incarnation string, address raft.ServerAddress) (*Transport, *raft.InmemTransport) {
	t.Helper()
	_, inner := raft.NewInmemTransport(address)
	there := func(_, configured string) string { return configured }
	tr, err := New(Config{Inner: inner, Node: string(node), Process: incarnation, Cluster: func() string { return "c" }, Member: func() bool { return true }, WhereIs: there, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return tr, inner
}

// A node has voted for one that then lost its address to another, which is behind
// and asks for votes of the same term: it is not the one that the vote was for.
func TestTransport_AVoteIsForAProcessAndNotForItsAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		voter, inner := process(t, "n1", "w", "one:7000")
		go func() { _ = voter.Run(t.Context()) }()
		config, store := raft.DefaultConfig(), raft.NewInmemStore()
		config.LocalID, config.Logger = "n1", hcslog.New(slog.New(slog.DiscardHandler))
		servers := raft.Configuration{Servers: []raft.Server{{ID: "n1", Address: "one:7000"}, {ID: "n2", Address: "two:7000"}, {ID: "n3", Address: "three:7000"}}}
		if err := raft.BootstrapCluster(config, store, store, raft.NewInmemSnapshotStore(), voter, servers); err != nil {
			t.Fatal(err)
		}
		r, err := raft.NewRaft(config, nil, store, store, raft.NewInmemSnapshotStore(), voter)
		if err != nil {
			t.Fatal(err)
		}
		ask := func(node raft.ServerID, incarnation string, last uint64) bool {
			candidate, from := process(t, node, incarnation, "two:7000")
			from.Connect("one:7000", inner)
			request := raft.RequestVoteRequest{
				RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(node), Addr: candidate.EncodePeer(node, "two:7000")},
				Term:      7, LastLogIndex: last, LastLogTerm: last, LeadershipTransfer: true,
			}
			var answer raft.RequestVoteResponse
			if err := candidate.RequestVote("n1", "one:7000", &request, &answer); err != nil {
				t.Fatal(err)
			}
			return answer.Granted
		}
		if !ask("n2", "x", 5) {
			t.Error("the first who asks, with a longer log, gets no vote")
		}
		if ask("n3", "z", 0) {
			t.Error("another node at its address, without a log, gets its vote")
		}
		if ask("n2", "y", 0) {
			t.Error("another process of it, without a log, gets its vote")
		}
		if err := r.Shutdown().Error(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute) // raft's timers
	})
}
