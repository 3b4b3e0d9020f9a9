package node

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/hashicorp/raft"
)

func TestTransport_RemembersOnlySoManyOtherClusters(t *testing.T) {
	_, inner := raft.NewInmemTransport("")
	tr, err := newTransport(inner, "n1", "x", func() string { return "ours" }, func() bool { return true }, nil, slog.New(slog.DiscardHandler))
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
