package datadir

import (
	"fmt"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"tocsin/fsm"
)

// Replayed is what a node knew when it stopped: all of its log, also what may
// not have been committed.
type Replayed struct {
	Machine *fsm.Machine
	Servers []raft.Server // the newest raft configuration
	Last    uint64        // index of the last entry
	Term    uint64        // the newest term it had heard of
}

// Replay brings the state machine of a node to the end of what is on the disk,
// without starting raft.
func (s Storage) Replay(node string) (Replayed, error) {
	_, transport := raft.NewInmemTransport("") // nobody is called
	defer transport.Close()
	c := raft.DefaultConfig()
	c.LocalID, c.Logger = raft.ServerID(node), hclog.NewNullLogger()
	r := Replayed{Machine: fsm.NewMachine(), Last: s.last}
	configuration, err := raft.GetConfiguration(c, r.Machine, s.Store, s.Store, s.Snapshots, transport)
	if halted := r.Machine.Err(); halted != nil {
		return r, halted // raft would try an older snapshot
	}
	if err != nil {
		return r, fmt.Errorf("read the raft configuration: %w", err)
	}
	r.Servers = configuration.Servers
	for index := s.snapshot + 1; index <= s.last; index++ {
		var l raft.Log
		if err := s.Store.GetLog(index, &l); err != nil {
			return r, err
		}
		if l.Type == raft.LogCommand {
			r.Machine.Apply(&l)
		}
	}
	if err := r.Machine.Err(); err != nil {
		return r, err
	}
	r.Term, err = s.Store.Term()
	return r, err
}
