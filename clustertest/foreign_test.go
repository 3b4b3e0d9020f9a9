package clustertest_test

import (
	"errors"
	"testing"

	"tocsin/api"
	"tocsin/clustertest"
	"tocsin/fsm"
)

// An entry that a node of another cluster sends to where its own leader was is
// committed by nobody.
func TestCluster_ALeaderTakesNoEntryOfAnotherCluster(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 1)
		leader := c.Node(c.Leader())
		entry, err := fsm.Encode(fsm.SetEndpoint{Key: "db", Value: "db-1:5432"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = leader.ProposeAsLeader(t.Context(), "another", entry)
		if elsewhere, ok := errors.AsType[api.ErrNotLeader](err); !ok || elsewhere.LeaderHTTP != "" {
			t.Errorf("an entry for another cluster: %v", err)
		}
		if _, there := leader.View().Endpoint("db"); there {
			t.Error("it was committed")
		}
		for _, cluster := range []string{leader.View().ClusterID(), ""} { // older builds name none
			if _, err := leader.ProposeAsLeader(t.Context(), cluster, entry); err != nil {
				t.Errorf("an entry for %q: %v", cluster, err)
			}
		}
	})
}
