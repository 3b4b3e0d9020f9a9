package server

import (
	"context"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/keyring"
	"tocsin/quorum"
	"tocsin/verify"
)

// State is what this node knows, read without a lock.
type State interface {
	View() *fsm.View
	Ballots() *gossipdb.Table
	Self() api.Self
}

// Writer changes the replicated state, from any node.
type Writer interface {
	// Propose hands the commands to the leader as one entry and returns when
	// this node has applied it, with one result for each command. A command
	// that was understood and not done says so in Result.Refused. The error is
	// ErrNoLeader when nothing was done, ErrUncertain when nobody can tell, or
	// that of the context.
	Propose(ctx context.Context, commands ...fsm.Command) ([]fsm.Result, error)
}

// Samples are the last checks of this node.
type Samples interface {
	// Samples returns those of one endpoint, oldest first.
	Samples(key string) []verify.Sample
}

// Scripts finds scripts by their names.
type Scripts interface {
	// Resolve returns the path of the script, or an error that names the file
	// and the remedy.
	Resolve(name string) (path string, err error)
}

// Membership is who belongs to the cluster, as this node sees it, and the ways
// of changing it by hand.
type Membership interface {
	// Leader returns the present leader, false while there is none.
	Leader() (api.LeaderInfo, bool)
	// RaftServers returns the raft configuration.
	RaftServers() ([]api.Server, error)
	// GossipMembers returns everybody the gossip knows, the dead included.
	GossipMembers() []gossipdb.Member
	// JoinRaft and LeaveRaft change the raft configuration, through the leader.
	JoinRaft(ctx context.Context, raftAddress string) error
	LeaveRaft(ctx context.Context, raftAddress string) error
	// RemoveMember takes a node out of the cluster. Unless force is true it is
	// refused where the cluster would decide nothing any more without it.
	RemoveMember(ctx context.Context, node string, force bool) error
	// TransferLeadership has the leader hand the lead over, to that voter or to any
	// if it is "", and returns who leads then.
	TransferLeadership(ctx context.Context, to string) (api.LeaderInfo, error)
	// RaftProgress returns how far raft has come on this node.
	RaftProgress() api.RaftProgress
	// GossipJoin returns how many of the addresses answered.
	GossipJoin(addresses []string) (int, error)
	GossipLeave() error
	// Warnings returns what endangers the cluster, and has for a while.
	Warnings() []api.Warning
	// Blind returns which endpoints nobody has been able to judge for a while.
	Blind() quorum.Blindness
}

// Freshness lets a read wait until this node knows enough.
type Freshness interface {
	// CatchUp returns when this node has applied all that the leader had
	// applied when it was asked: sure of its lead if verified is true, as far
	// as it believes if not. The error is ErrNoLeader or ErrBehind.
	CatchUp(ctx context.Context, verified bool) error
	// Blank reports whether this node belongs to a cluster and does not know
	// yet what that holds: it has just started.
	Blank() bool
}

// Health says whether this node does its duty.
type Health interface {
	Readiness() api.Readiness
}

// Requests hears of every request that was answered. Served must be quick, and is
// called from any goroutine.
type Requests interface {
	// Served tells the pattern of the path, "" if there is nothing at it, and
	// how the request was answered.
	Served(route, method string, code int)
}

// Peer is the receiving end of what nodes ask of each other. Register,
// ProposeAsLeader, IndexAsLeader and TransferAsLeader return ErrNotLeader on a node that does not lead.
type Peer interface {
	// Introduce tells this node who asks, and says who it is and to which
	// cluster it belongs.
	Introduce(asker peer.Introduction) peer.Introduction
	// Register takes a started node in, or takes note of its new process.
	Register(ctx context.Context, r peer.Registration) (peer.Welcome, error)
	// ProposeAsLeader commits an entry that fsm.Encode packed on another node of
	// that cluster. A node of another cluster is not its leader. Older builds
	// name none: "".
	ProposeAsLeader(ctx context.Context, cluster string, entry []byte) ([]fsm.Result, error)
	// IndexAsLeader returns the index up to which this node has applied the
	// log, after a majority has confirmed its lead if verified is true.
	IndexAsLeader(ctx context.Context, verified bool) (uint64, error)
	// TransferAsLeader hands the lead over, to that voter or to any if it is "".
	TransferAsLeader(ctx context.Context, to string) error
	// Account says what this node alone knows of the endpoint key, or of its
	// notifications if key is "".
	Account(key string) peer.Account
	// Check has this node check the endpoint key now, and returns what came
	// out. A node that does not watch it refuses.
	Check(ctx context.Context, key string) (api.SeenSample, error)
	// GossipKeys says which keys the gossip of this node goes by, and what its
	// file says otherwise.
	GossipKeys() keyring.Held
	// ChangeKeys changes the keys of this node's gossip, in its file first, and
	// returns those that it has after that. After an error nothing has changed.
	ChangeKeys(change keyring.Change) (keyring.Ring, error)
}

// Peers asks other nodes what they alone know. The error wraps ErrUnreachable
// when nobody listens there; a call lasts no longer than its context.
type Peers interface {
	Account(ctx context.Context, address, key string) (peer.Account, error)
	Check(ctx context.Context, address, key string) (peer.CheckAnswer, error)
	GossipKeys(ctx context.Context, address string) (peer.RingReport, error)
	ChangeKeys(ctx context.Context, address string, change keyring.Change) (peer.RingReport, error)
}
