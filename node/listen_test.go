package node

import (
	"log/slog"
	"strings"
	"testing"

	"tocsin/connlimit"
)

// Another node is suspected only where somebody has the address.
func TestListen_SuspectsAnotherNodeOnlyOfATakenAddress(t *testing.T) {
	taken, err := listen("127.0.0.1:0", "raft", connlimit.Rooms{}, nil, newDoorman("raft", slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]bool{taken.Addr().String(): true, "192.0.2.1:0": false} {
		_, err := listen(address, "raft", connlimit.Rooms{}, nil, newDoorman("raft", slog.New(slog.DiscardHandler)))
		if err == nil || strings.Contains(err.Error(), "is another node running there?") != want {
			t.Errorf("%s: %v, want another node suspected: %v", address, err, want)
		}
	}
}
