package consensus

import (
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/fsm"
)

func TestTransfers(t *testing.T) {
	type step struct {
		do   string // begin, forget or tried
		term uint64
		to   string
		want bool // of begin and tried
	}
	for name, steps := range map[string][]step{
		"the first of all":              {{"tried", 7, "n2", false}, {"begin", 7, "n2", true}, {"tried", 7, "n2", true}},
		"once in a term":                {{"begin", 7, "n2", true}, {"begin", 7, "n2", false}},
		"to another node":               {{"begin", 7, "n2", true}, {"tried", 7, "n3", false}, {"begin", 7, "n3", true}, {"begin", 7, "n2", false}},
		"a new term begins afresh":      {{"begin", 7, "n2", true}, {"tried", 8, "n2", false}, {"begin", 8, "n2", true}},
		"looking ends no term":          {{"begin", 7, "n2", true}, {"tried", 8, "n2", false}, {"begin", 7, "n2", false}},
		"not in a term that is over":    {{"begin", 8, "n3", true}, {"begin", 7, "n2", false}, {"tried", 8, "n2", false}, {"tried", 7, "n3", false}},
		"what was forgotten":            {{"begin", 7, "n2", true}, {"forget", 7, "n2", false}, {"tried", 7, "n2", false}, {"begin", 7, "n2", true}},
		"what was forgotten is one":     {{"begin", 7, "n2", true}, {"begin", 7, "n3", true}, {"forget", 7, "n2", false}, {"tried", 7, "n3", true}},
		"late word of an earlier term":  {{"begin", 7, "n2", true}, {"begin", 8, "n2", true}, {"forget", 7, "n2", false}, {"begin", 8, "n2", false}},
		"nothing to forget is no fault": {{"forget", 0, "n2", false}, {"begin", 1, "n2", true}},
	} {
		t.Run(name, func(t *testing.T) {
			var tr transfers
			for i, s := range steps {
				got := false
				switch s.do {
				case "begin":
					got = tr.begin(s.term, s.to)
				case "tried":
					got = tr.hasTried(s.term, s.to)
				case "forget":
					tr.forget(s.term, s.to)
				}
				if got != s.want {
					t.Errorf("step %d: %s %d %s is %v", i, s.do, s.term, s.to, got)
				}
			}
		})
	}
}

// TestLeftNothing asks raft itself, of which one error has no name.
func TestLeftNothing(t *testing.T) {
	address, transport := raft.NewInmemTransport("")
	c := raft.DefaultConfig()
	c.LocalID, c.LogLevel = "n1", "OFF"
	store, leads := raft.NewInmemStore(), make(chan bool, 8)
	c.NotifyCh = leads
	r, err := raft.NewRaft(c, fsm.NewMachine(), store, store, raft.NewInmemSnapshotStore(), transport)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Shutdown().Error(); err != nil {
			t.Error(err)
		}
	}()
	transfer := func() error { return r.LeadershipTransferToServer("n2", "nowhere").Error() }
	if err := transfer(); !leftNothing(err) {
		t.Errorf("on a follower: %v", err)
	}
	self := raft.Server{ID: "n1", Address: address}
	if err := r.BootstrapCluster(raft.Configuration{Servers: []raft.Server{self}}).Error(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-leads:
	case <-time.After(time.Minute):
		t.Fatal("nobody was elected")
	}
	if err := transfer(); err == nil || !leftNothing(err) {
		t.Errorf("to a node that is no server: %v", err)
	}
	for _, err := range []error{nil, raft.ErrEnqueueTimeout, raft.ErrLeadershipTransferInProgress} {
		if !leftNothing(err) {
			t.Errorf("%v", err)
		}
	}
	for _, text := range []string{"leadership transfer timeout", "failed to make TimeoutNow RPC to n2: EOF"} {
		if leftNothing(errors.New(text)) {
			t.Error(text)
		}
	}
}
