package sim

import (
	"github.com/hashicorp/raft"
)

// snapshots tells of each snapshot that is made or comes in.
type snapshots struct {
	raft.SnapshotStore
	created func(index uint64)
}

// Create implements raft.SnapshotStore.
func (s snapshots) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration, configurationIndex uint64, transport raft.Transport) (raft.SnapshotSink, error) {
	s.created(index)
	return s.SnapshotStore.Create(version, index, term, configuration, configurationIndex, transport)
}
