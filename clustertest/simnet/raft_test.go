package simnet_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/clustertest/simnet"
)

// TestRaft_ARequestUnderwayIsNotChanged: raft uses the same request again when
// it was given no answer in time. On a wire that would not reach the one that
// was sent.
func TestRaft_ARequestUnderwayIsNotChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := simnet.New(1)
		leader, follower := network.Raft("leader", "10.0.0.1:7000"), network.Raft("follower", "10.0.0.2:7000")
		defer leader.Close()
		defer follower.Close()

		request := raft.AppendEntriesRequest{PrevLogEntry: 4, Entries: []*raft.Log{{Index: 5}}}
		var answer raft.AppendEntriesResponse
		if err := leader.AppendEntries("follower", "10.0.0.2:7000", &request, &answer); err == nil {
			t.Fatal("a host that reads nothing has answered")
		}
		request.PrevLogEntry, request.Entries[0] = 5, &raft.Log{Index: 6}
		select {
		case call := <-follower.Consumer():
			if got := call.Command.(*raft.AppendEntriesRequest); got.PrevLogEntry != 4 || got.Entries[0].Index != 5 {
				t.Errorf("what was sent has become %+v", got)
			}
		case <-time.After(time.Second):
			t.Fatal("the call was given up before anybody read it")
		}
	})
}
