package node

import (
	"context"
	"crypto/ed25519"
	"net"

	"github.com/hashicorp/memberlist"

	"tocsin/access"
	"tocsin/api/peer"
	"tocsin/api/server"
	"tocsin/consensus"
	"tocsin/credentials"
	"tocsin/datadir"
	"tocsin/doubt"
	"tocsin/fsm"
	"tocsin/keyring"
	"tocsin/notify"
	"tocsin/verify"
)

// Outside is all that a node touches outside of its own memory. Open makes the
// real one, of files, sockets and scripts; clustertest makes one in memory, so
// that a whole cluster runs in virtual time with all of this package's code.
type Outside struct {
	// Raft is what raft reads, writes and calls through.
	Raft consensus.Outside
	// Gossip carries memberlist's packets; nil means sockets on Config.Gossip.
	Gossip memberlist.Transport
	// Keys keeps the keys that the gossip is encrypted by; nil gossips in the clear.
	Keys KeyFile
	// HTTP is what the API is served on; nil means that it is not served.
	HTTP net.Listener
	// Peers calls the other nodes.
	Peers Peers
	// Credentials are what this node shows and believes; nil: it speaks no TLS.
	Credentials *credentials.Live
	// Meet, if it is not nil, is told once, before anybody is called, how to
	// find out which nodes stand at an HTTP address.
	Meet func(residents func(address string) []string)
	// Ledger remembers which notifications were started and finished.
	Ledger notify.Ledger
	// Checker runs one check, Runner one notification script.
	Checker verify.Checker
	Runner  notify.Runner
	// Streams tells what the scripts that stay have done; nil: there are none.
	Streams func() verify.StreamStats
	// Clock reads the clocks that a standstill of this process shows by; nil
	// reads those of the machine.
	Clock func() doubt.Reading
	// Scripts finds the scripts that a set names.
	Scripts server.Scripts
	// Identity is what the data directory says of whose it is.
	Identity datadir.Identity
	// BallotKey signs the ballots of this node; nil signs none, and asks no other
	// node for a signature.
	BallotKey ed25519.PrivateKey
	// Remember makes an identity durable, once the cluster is known.
	Remember func(datadir.Identity) error
	// PeerToken is the token that this node shows to the others; the zero one is none.
	PeerToken access.Token
	// FirstTokens are those of a cluster that this node founds, and Audit gets
	// a line for each change beside the log; nil is none.
	FirstTokens []access.Record
	Audit       AuditFile
	// Close releases all of it, after the node has stopped.
	Close func() error
}

// Peers calls other nodes by their HTTP addresses; peer.Client is the real
// one and says which errors there are.
type Peers interface {
	Introduce(ctx context.Context, address string, self peer.Introduction) (peer.Introduction, error)
	Register(ctx context.Context, address string, r peer.Registration) (peer.Welcome, error)
	Propose(ctx context.Context, address, cluster string, entry []byte) ([]fsm.Result, error)
	Index(ctx context.Context, address string, verified bool) (uint64, error)
	Account(ctx context.Context, address, key string) (peer.Account, error)
	Check(ctx context.Context, address, key string) (peer.CheckAnswer, error)
	Transfer(ctx context.Context, address, to string) error
	GossipKeys(ctx context.Context, address string) (peer.RingReport, error)
	ChangeKeys(ctx context.Context, address string, change keyring.Change) (peer.RingReport, error)
}
