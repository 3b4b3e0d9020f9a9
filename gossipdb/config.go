package gossipdb

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hashicorp/memberlist"

	"tocsin/keyring"
)

// StaleAfter is how many refresh intervals old a ballot may grow and still be
// passed on. It is the time to live of the design: an older one counts for
// nothing anywhere, and passing it on would only bring back what was removed.
const StaleAfter = 3

// What memberlist is told, where its defaults for a LAN don't suit.
const (
	streamTimeout      = 5 * time.Second  // of one push/pull, and of reaching an address
	pushPullInterval   = 15 * time.Second // all ballots, with one member at random
	gossipToTheDead    = time.Minute      // a cut shorter than this heals without joining again
	reclaimAfter       = time.Second      // until a node that was found dead may come back with another address
	maxState           = 8 << 20          // bytes of ballots in one push/pull
	defaultRefresh     = 5 * time.Second
	defaultDirectLimit = 16
)

// GossipConfig says how this node gossips.
type GossipConfig struct {
	// Node is the name of this node: the same as that of its DB.
	Node string

	// Bind is the host:port to listen on, TCP and UDP alike. Port 0 lets the
	// system choose. Not needed with a Transport.
	Bind string

	// Advertise is the host:port the others reach this node at; "" is the
	// address it is bound to, or for an unspecified one a private address of
	// this machine.
	Advertise string

	// Transport replaces the network, for tests; nil is the real one.
	Transport memberlist.Transport

	// Keys encrypt and authenticate what is sent, and what comes is dropped if
	// none of them opens it. The zero Ring sends everything in the clear.
	Keys keyring.Ring

	// Cluster returns the id of the cluster this node belongs to, "" as long as
	// it belongs to none; it never changes after that. Gossip of other clusters is
	// refused, and a node without one neither takes nor passes on ballots. Only
	// the first MaxCluster bytes count. It must not block. Nil: all nodes that
	// are met are of one cluster.
	Cluster func() string

	// Meta is what other nodes see of this one: at most MaxMeta bytes.
	Meta []byte

	// RefreshInterval returns how often ballots are repeated. It is asked
	// anew each time; nil, or a result of 0 or less, is 5 seconds.
	RefreshInterval func() time.Duration

	// Leader returns the name of the leader, "" if there is none. Nil: there
	// never is one. It must not block.
	Leader func() string

	// Peers returns the gossip addresses that should be members. Those that
	// don't seem alive are joined again every 10 seconds or so. Nil: none.
	Peers func() []string

	// Unsure reports whether what arrives now may have lain unread for long,
	// because this process stood still until a moment ago. Such ballots are
	// dropped. It is asked also before ballots go out, so that who notices a
	// standstill can make them say so. It must not block, and may call the DB.
	// Nil: never.
	Unsure func() bool

	// DirectLimit is up to how many members a ballot of ours is sent to
	// everybody directly; among more of them it is sent to the leader, and
	// reaches the rest by gossip. 0 is 16.
	DirectLimit int

	// Logger receives what an operator may want to know; nil discards it.
	Logger *slog.Logger
}

// complete returns c with every default filled in.
func (c GossipConfig) complete() GossipConfig {
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler)).With("component", "gossipdb")
	c.DirectLimit = cmp.Or(c.DirectLimit, defaultDirectLimit)
	if c.RefreshInterval == nil {
		c.RefreshInterval = func() time.Duration { return defaultRefresh }
	}
	c.Cluster = clusterOf(c.Cluster)
	if c.Leader == nil {
		c.Leader = func() string { return "" }
	}
	if c.Unsure == nil {
		c.Unsure = func() bool { return false }
	}
	if c.Peers == nil {
		c.Peers = func() []string { return nil }
	}
	return c
}

// onlyCluster is the cluster of nodes that are not told of any.
const onlyCluster = "-"

// clusterOf completes GossipConfig.Cluster.
func clusterOf(cluster func() string) func() string {
	if cluster == nil {
		return func() string { return onlyCluster }
	}
	return func() string {
		id := cluster()
		return id[:min(len(id), MaxCluster)]
	}
}

func (c GossipConfig) validate(db *DB) error {
	var errs []error
	if c.Node != db.Self() {
		errs = append(errs, fmt.Errorf("gossip: node %q can't send the ballots of node %q", c.Node, db.Self()))
	}
	if len(c.Node) == 0 || len(c.Node) > MaxNode || !plain(c.Node) {
		errs = append(errs, fmt.Errorf("gossip: name %q: give the node one of 1 to %d bytes, without control characters", c.Node, MaxNode))
	}
	if len(c.Meta) > MaxMeta {
		errs = append(errs, fmt.Errorf("gossip: the node describes itself in %d bytes: at most %d fit", len(c.Meta), MaxMeta))
	}
	return errors.Join(errs...)
}

func (c GossipConfig) refreshInterval() time.Duration {
	if d := c.RefreshInterval(); d > 0 {
		return d
	}
	return defaultRefresh
}

// memberlist returns the settings of the library, without network, keys, logger
// and delegates.
func (c GossipConfig) memberlist() *memberlist.Config {
	m := memberlist.DefaultLANConfig()
	m.Name = c.Node
	m.TCPTimeout = streamTimeout
	m.PushPullInterval = pushPullInterval
	m.GossipToTheDeadTime = gossipToTheDead
	m.DeadNodeReclaimTime = reclaimAfter
	// Ballots are written short already; squeezing each ping again costs more
	// than it saves.
	m.EnableCompression = false
	return m
}
