package recovery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/hashicorp/raft"

	"tocsin/datadir"
	"tocsin/fsm"
)

// Nobody can tell any more what the dead had agreed on with whom. Whatever
// index and term they may have reached, the survivor goes on beyond it: an
// event, an epoch or an entry of theirs is never mistaken for one of its own,
// ids of events go on growing, and what other survivors have and this one has
// not is replaced.
const (
	indexLeap = 1 << 20
	termLeap  = 1 << 16
)

// LostMajority brings a cluster back when a majority of its voters is lost for
// good, from what one survivor has on its disk.
type LostMajority struct {
	DataDir string       // of the survivor
	Dead    []string     // the nodes that will never come back as they were
	TLS     string       // the survivor's credentials, as an agent is given it; "" asks the others in plain text
	Logger  *slog.Logger // nil discards
}

// Recovered is what was done.
type Recovered struct {
	Node, Cluster string
	Survivors     []string // the other members
	Dead          []string
	Last          uint64 // the index of the last entry that was kept
	Index         uint64 // where the log goes on
}

// Recover makes the survivor the only voter of its cluster. The dead are no
// members any more; the other survivors are, as non-voters, and become voters
// again by themselves when they have caught up.
//
// All that is on the survivor's disk counts as committed from then on, and what
// it does not have is lost: it should be the one that has most. It is refused
// while the node runs, while a majority is not named as dead, and while anybody
// who is named answers or any other member knows a leader.
func (l LostMajority) Recover(ctx context.Context) (done Recovered, err error) {
	d, err := datadir.OpenExisting(l.DataDir)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	self := d.Identity().Node
	s, err := d.OpenStorage(cmp.Or(l.Logger, slog.New(slog.DiscardHandler)))
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	r, err := s.Replay(self)
	if err != nil {
		return done, err
	}
	view := r.Machine.View()
	if view.ClusterID() == "" {
		return done, fmt.Errorf("node %s belongs to no cluster yet: there is nothing to recover", self)
	}
	m := membersOf(r, self)
	if err := m.allows(l.Dead); err != nil {
		return done, err
	}
	others, err := newAsker(l.TLS)
	if err != nil {
		return done, err
	}
	if err := m.ask(ctx, others, l.Dead); err != nil {
		return done, err
	}
	done = Recovered{
		Node: m.self, Cluster: view.ClusterID(), Dead: l.Dead, Survivors: m.survivors(l.Dead),
		Last: r.Last, Index: r.Last + indexLeap,
	}
	return done, rewrite(s, r, m, done)
}

// rewrite puts a snapshot in the place of the log, as raft.RecoverCluster does,
// and beyond what anybody can have written. A crash between its steps leaves
// either what was before, or all of what is wanted.
func rewrite(s datadir.Storage, r datadir.Replayed, m members, done Recovered) error {
	term := r.Term + termLeap
	var removed []fsm.Command
	for _, node := range done.Dead {
		removed = append(removed, fsm.RemoveObserver{Node: node})
	}
	data, err := fsm.Encode(removed...)
	if err != nil {
		return err
	}
	r.Machine.Apply(&raft.Log{Index: done.Index, Term: term, Type: raft.LogCommand, Data: data})
	if err := r.Machine.Err(); err != nil {
		return err
	}
	snapshot, err := r.Machine.Snapshot()
	if err != nil {
		return err
	}
	defer snapshot.Release()
	if err := s.Store.SetTerm(term); err != nil {
		return fmt.Errorf("write the term: %w", err)
	}
	_, transport := raft.NewInmemTransport("") // Create wants one, to write addresses
	defer transport.Close()
	sink, err := s.Snapshots.Create(raft.SnapshotVersionMax, done.Index, term, m.configuration(done.Survivors), done.Index, transport)
	if err != nil {
		return fmt.Errorf("write a snapshot: %w", err)
	}
	if err := snapshot.Persist(sink); err != nil {
		return err
	}
	if err := s.Store.DeleteRange(0, r.Last); err != nil {
		return fmt.Errorf("empty the log: %w", err)
	}
	return nil
}
