package consensus

import (
	"errors"
	"fmt"

	"github.com/hashicorp/raft"
)

// Ahead shows the entries that the log on the disk has and the View does not, the
// oldest first, until look has seen enough. Whether they are committed nobody can
// tell before there is a leader, and until then none of them is applied.
func (m *Member) Ahead(look func(entry []byte) (enough bool)) error {
	log := m.config.Outside.Log
	last, err := log.LastIndex()
	if err != nil {
		return fmt.Errorf("read the raft log: %w", err)
	}
	for index := m.machine.View().Index() + 1; index <= last; index++ {
		var entry raft.Log
		switch err := log.GetLog(index, &entry); {
		case errors.Is(err, raft.ErrLogNotFound):
			// The View has come so far since, or the newest snapshot ends behind it.
		case err != nil:
			return fmt.Errorf("read entry %d of the raft log: %w", index, err)
		case entry.Type == raft.LogCommand && look(entry.Data):
			return nil
		}
	}
	return nil
}
