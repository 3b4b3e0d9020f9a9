package raftwire

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/hashicorp/raft"
)

func TestTransport_RemembersOnlySoManyOtherClusters(t *testing.T) {
	_, inner := raft.NewInmemTransport("")
	tr, err := New(Config{Inner: inner, Node: "n1", Process: "x", Cluster: func() string { return "ours" }, Member: func() bool { return true }, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 * maxStrange {
		message := &raft.AppendEntriesRequest{RPCHeader: raft.RPCHeader{Addr: fmt.Appendf(nil, "other%d@x@a:1", i)}}
		if err := tr.refuse(message); !errors.Is(err, errOtherCluster) {
			t.Fatalf("a message of the %dth other cluster: %v", i, err)
		}
	}
	if len(tr.strange) > maxStrange {
		t.Errorf("%d clusters are remembered", len(tr.strange))
	}
}
