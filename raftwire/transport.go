package raftwire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"

	"github.com/hashicorp/raft"
)

// Transport is what raft sends and receives through. It finds nodes that have
// moved (see Config), and lets through all but four things:
//
//   - the fast path for heartbeats: on it a follower can take a heartbeat and an
//     entry in an order that lets its log part from the leader's;
//   - votes, asked or given, before this disk belongs to a member: a node that
//     lost its disk has forgotten whom it voted for and what it acknowledged,
//     and votes again only when it has caught up with its own registration;
//   - answers of another node than the one that was asked (see misdirected), for
//     which it signs those that raft does not;
//   - anything from another cluster: every message says which one its sender
//     belongs to, beside the sender's process and address.
type Transport struct {
	wire
	name    raft.ServerID // of this node
	process string        // its incarnation
	cluster func() string // "" before this node belongs to one
	member  func() bool   // whether this disk belongs to a member
	whereIs func(id raft.ServerID, configured raft.ServerAddress) raft.ServerAddress
	passed  chan raft.RPC // closed by nobody
	log     *slog.Logger
	strange map[string]struct{} // clusters that were refused; only Run touches it
	signing sync.WaitGroup      // answers that are yet to be signed; Run waits for them
}

// maxStrange bounds what is remembered of what others may send: further clusters
// are refused without a word.
const maxStrange = 64

// wire is what a transport of raft can do.
type wire interface {
	raft.Transport
	raft.WithPreVote
}

var (
	errNoVote       = errors.New("this node does not vote yet: it has not caught up with its own registration")
	errOtherCluster = errors.New("the message comes from another cluster")
	errStopped      = errors.New("the node is stopping")
)

// Config is what a Transport is told of its node. No func may block.
type Config struct {
	// Inner carries the messages.
	Inner raft.Transport
	// CalleeAt returns the address by which Inner calls a node that is to be reached
	// at that one; nil: by that one. It is that of the Network which Inner is, or is
	// wrapped around.
	CalleeAt func(id raft.ServerID, at raft.ServerAddress) raft.ServerAddress
	// Node is the name of this node, Process that of its process: drawn anew by
	// each.
	Node, Process string
	// Cluster returns the cluster that this node belongs to, "" before it does to
	// any.
	Cluster func() string
	// Member reports whether this disk belongs to a member.
	Member func() bool
	// WhereIs returns where a node is to be reached that stands under an address in
	// the configuration.
	WhereIs func(node, configured string) string
	Logger  *slog.Logger
}

// New returns a transport that hears nothing before Run.
func New(c Config) (*Transport, error) {
	w, ok := c.Inner.(wire)
	if !ok {
		return nil, fmt.Errorf("the raft transport %T knows no pre-votes", c.Inner)
	}
	where := func(id raft.ServerID, configured raft.ServerAddress) raft.ServerAddress {
		return raft.ServerAddress(c.WhereIs(string(id), string(configured)))
	}
	if c.CalleeAt != nil {
		unnamed := where
		where = func(id raft.ServerID, configured raft.ServerAddress) raft.ServerAddress {
			return c.CalleeAt(id, unnamed(id, configured))
		}
	}
	return &Transport{
		wire: w, name: raft.ServerID(c.Node), process: c.Process, cluster: c.Cluster, member: c.Member, whereIs: where,
		passed: make(chan raft.RPC), log: c.Logger, strange: make(map[string]struct{}),
	}, nil
}

// Run hands raft what it may see, until ctx ends. It is called once.
func (t *Transport) Run(ctx context.Context) error {
	defer t.signing.Wait()
	for {
		select {
		case call := <-t.wire.Consumer():
			if err := t.refuse(call.Command); err != nil {
				call.Respond(nil, err)
				continue
			}
			call = t.sign(ctx, call)
			select {
			case t.passed <- call:
			case <-ctx.Done():
				call.Respond(nil, errStopped)
				return nil
			}
		case <-ctx.Done():
			return nil
		}
	}
}

func (t *Transport) refuse(command any) error {
	if message, ok := command.(raft.WithRPCHeader); ok {
		theirs, address := splitPeer(string(message.GetRPCHeader().Addr))
		if ours := t.cluster(); ours != "" && theirs != "" && theirs != ours {
			if _, known := t.strange[theirs]; !known && len(t.strange) < maxStrange {
				t.strange[theirs] = struct{}{}
				t.log.Error("a node of another cluster takes this node for one of its own: its messages are refused; one of the two has lost its disk, or has the wrong addresses", "address", address, "cluster", ours, "other_cluster", theirs)
			}
			return errOtherCluster
		}
	}
	switch command.(type) {
	case *raft.RequestVoteRequest, *raft.RequestPreVoteRequest:
		if !t.member() {
			return errNoVote
		}
	}
	return nil
}

// Consumer implements raft.Transport.
func (t *Transport) Consumer() <-chan raft.RPC { return t.passed }

// RequestVote implements raft.Transport.
func (t *Transport) RequestVote(id raft.ServerID, target raft.ServerAddress, args *raft.RequestVoteRequest, resp *raft.RequestVoteResponse) error {
	if !t.member() {
		return errNoVote
	}
	err := t.wire.RequestVote(id, t.whereIs(id, target), args, resp)
	if err == nil {
		err = misdirected(id, resp.ID)
	}
	if err != nil {
		*resp = raft.RequestVoteResponse{}
	}
	return err
}

// RequestPreVote implements raft.WithPreVote.
func (t *Transport) RequestPreVote(id raft.ServerID, target raft.ServerAddress, args *raft.RequestPreVoteRequest, resp *raft.RequestPreVoteResponse) error {
	if !t.member() {
		return errNoVote
	}
	err := t.wire.RequestPreVote(id, t.whereIs(id, target), args, resp)
	if err == nil {
		err = misdirected(id, resp.ID)
	}
	if err != nil {
		*resp = raft.RequestPreVoteResponse{}
	}
	return err
}

// AppendEntries implements raft.Transport.
func (t *Transport) AppendEntries(id raft.ServerID, target raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	err := t.wire.AppendEntries(id, t.whereIs(id, target), args, resp)
	if err == nil {
		err = misdirected(id, resp.ID)
	}
	if err != nil {
		*resp = raft.AppendEntriesResponse{}
	}
	return err
}

// AppendEntriesPipeline implements raft.Transport.
func (t *Transport) AppendEntriesPipeline(id raft.ServerID, target raft.ServerAddress) (raft.AppendPipeline, error) {
	through, err := t.wire.AppendEntriesPipeline(id, t.whereIs(id, target))
	if err != nil {
		return nil, err
	}
	return newPipeline(id, through), nil
}

// InstallSnapshot implements raft.Transport.
func (t *Transport) InstallSnapshot(id raft.ServerID, target raft.ServerAddress, args *raft.InstallSnapshotRequest, resp *raft.InstallSnapshotResponse, data io.Reader) error {
	err := t.wire.InstallSnapshot(id, t.whereIs(id, target), args, resp, data)
	if err == nil {
		err = misdirected(id, resp.ID)
	}
	if err != nil {
		*resp = raft.InstallSnapshotResponse{}
	}
	return err
}

// TimeoutNow implements raft.Transport.
func (t *Transport) TimeoutNow(id raft.ServerID, target raft.ServerAddress, args *raft.TimeoutNowRequest, resp *raft.TimeoutNowResponse) error {
	return t.wire.TimeoutNow(id, t.whereIs(id, target), args, resp)
}

// SetHeartbeatHandler implements raft.Transport: it ignores the fast path, as it
// may.
func (t *Transport) SetHeartbeatHandler(func(raft.RPC)) {}

// EncodePeer implements raft.Transport. Raft writes it into every message, and on
// the disk of whoever votes: it is how a vote that was given is known again, and
// then neither the log nor anything else of the candidate is looked at. So it names
// the process, which an address does not: whoever comes to be at that of another
// candidate would get the votes that were for that one.
func (t *Transport) EncodePeer(id raft.ServerID, address raft.ServerAddress) []byte {
	return append([]byte(t.cluster()+peerSeparator+t.process+peerSeparator), t.wire.EncodePeer(id, address)...)
}

// DecodePeer implements raft.Transport.
func (t *Transport) DecodePeer(peer []byte) raft.ServerAddress {
	_, address := splitPeer(string(peer))
	return t.wire.DecodePeer([]byte(address))
}

const peerSeparator = "@"

func splitPeer(peer string) (cluster, address string) {
	parts := strings.SplitN(peer, peerSeparator, 3)
	if len(parts) < 3 {
		return "", peer
	}
	return parts[0], parts[2]
}
