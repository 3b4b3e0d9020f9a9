package consensus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/api"
	"tocsin/membership"
)

// stepTimeout bounds one change of the raft configuration.
const stepTimeout = 10 * time.Second

// Servers returns the raft configuration, as far as this node knows it.
func (m *Member) Servers() ([]api.Server, error) {
	future := m.raft.GetConfiguration()
	if err := future.Error(); err != nil {
		return nil, fmt.Errorf("read the raft configuration: %w", err)
	}
	var all []api.Server
	for _, s := range future.Configuration().Servers {
		all = append(all, api.Server{Node: string(s.ID), Address: string(s.Address), Voter: s.Suffrage == raft.Voter})
	}
	return all, nil
}

// Take changes the raft configuration, which was servers when the step was decided,
// if this node leads. To give the lead away see TransferLeadership.
func (m *Member) Take(ctx context.Context, s membership.Step, servers []api.Server) error {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	id, address := raft.ServerID(s.Node), raft.ServerAddress(s.Address)
	var future raft.Future
	switch s.Kind {
	case membership.Remove:
		future = m.raft.RemoveServer(id, 0, stepTimeout)
	case membership.Add:
		future = m.raft.AddNonvoter(id, address, 0, stepTimeout)
	case membership.Promote:
		future = m.raft.AddVoter(id, address, 0, stepTimeout)
	case membership.Demote:
		future = m.raft.DemoteVoter(id, 0, stepTimeout)
	case membership.Move:
		if membership.Votes(servers, s.Node) {
			future = m.raft.AddVoter(id, address, 0, stepTimeout)
		} else {
			future = m.raft.AddNonvoter(id, address, 0, stepTimeout)
		}
	default:
		return fmt.Errorf("%q is no change of the raft configuration", s.Kind)
	}
	return m.futures.await(ctx, future)
}

// HasState reports whether there was anything on the disk of what raft must not
// forget. It answers from what raft has read when it was made, and so whether or
// not the disk hangs by now.
func (m *Member) HasState() bool { return m.raft.CurrentTerm() > 0 || m.raft.LastIndex() > 0 }

// Bootstrap begins a new log, with this node as its only voter.
func (m *Member) Bootstrap() error {
	self := raft.Server{Suffrage: raft.Voter, ID: raft.ServerID(m.config.Node), Address: raft.ServerAddress(m.config.Raft)}
	err := m.raft.BootstrapCluster(raft.Configuration{Servers: []raft.Server{self}}).Error()
	if err != nil && !errors.Is(err, raft.ErrCantBootstrap) {
		return fmt.Errorf("found a new cluster: %w", err)
	}
	return nil
}
