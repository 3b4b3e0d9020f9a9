package node

import (
	"fmt"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"tocsin/fsm"
)

// replayed is what a node knew when it stopped: all of its log, also what may
// not have been committed.
type replayed struct {
	machine *fsm.Machine
	servers []raft.Server // the newest raft configuration
	last    uint64        // index of the last entry
	term    uint64        // the newest term it had heard of
}

// replay brings the state machine to the end of what is on the disk, without
// starting raft.
func replay(s storage, node string) (replayed, error) {
	_, transport := raft.NewInmemTransport("") // nobody is called
	defer transport.Close()
	c := raft.DefaultConfig()
	c.LocalID, c.Logger = raft.ServerID(node), hclog.NewNullLogger()
	r := replayed{machine: fsm.NewMachine(), last: s.last}
	configuration, err := raft.GetConfiguration(c, r.machine, s.store, s.store, s.snapshots, transport)
	if halted := r.machine.Err(); halted != nil {
		return r, halted // raft would try an older snapshot
	}
	if err != nil {
		return r, fmt.Errorf("read the raft configuration: %w", err)
	}
	r.servers = configuration.Servers
	for index := s.snapshot + 1; index <= s.last; index++ {
		var l raft.Log
		if err := s.store.GetLog(index, &l); err != nil {
			return r, err
		}
		if l.Type == raft.LogCommand {
			r.machine.Apply(&l)
		}
	}
	if err := r.machine.Err(); err != nil {
		return r, err
	}
	r.term, err = s.store.Term()
	return r, err
}
