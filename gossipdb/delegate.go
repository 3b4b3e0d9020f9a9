package gossipdb

import (
	"log/slog"
	"math/bits"
	"time"

	"github.com/hashicorp/memberlist"
)

// delegate is what memberlist calls. Nothing here may block: it would hold up
// every packet, the pings among them.
type delegate struct{ g *Gossip }

// NodeMeta returns what other nodes see of this one.
func (d delegate) NodeMeta(int) []byte { return d.g.meta() }

// NotifyAlive refuses members of other clusters. The border stops those that come
// by themselves; a node that belongs to no cluster yet may bring them from one to
// another.
func (d delegate) NotifyAlive(n *memberlist.Node) error {
	theirs, _ := splitMeta(n.Meta)
	if ours := d.g.config.Cluster(); foreign(ours, theirs) {
		d.g.strangers.note(n.Address(), theirs)
		return &OtherClusterError{Address: n.Address(), Ours: ours, Theirs: theirs}
	}
	return nil
}

// NotifyMsg takes one ballot. Decoding copies, so nothing of message is kept.
func (d delegate) NotifyMsg(message []byte) { d.g.take(message) }

// GetBroadcasts returns what is to go out with the next packet.
func (d delegate) GetBroadcasts(overhead, limit int) [][]byte {
	d.g.unsure() // first: it may empty the queue
	return d.g.queue.GetBroadcasts(overhead, limit)
}

// LocalState returns all ballots that may still count anywhere, our own first.
func (d delegate) LocalState(bool) []byte {
	d.g.unsure() // first: it may make what is held older
	now, ttl := time.Now(), d.g.timeToLive()
	state, omitted := appendState(nil, func(yield func(Held) bool) {
		for _, own := range []bool{true, false} {
			for h := range d.g.db.Table().All() {
				if (h.Ballot.Node == d.g.config.Node) == own && now.Sub(h.MadeAt) < ttl && !yield(h) {
					return
				}
			}
		}
	}, now, maxState)
	d.g.stats.omitted.Add(uint64(omitted))
	return state
}

// MergeRemoteState takes the state of another node. What is new goes on by
// gossip: after a cut has healed, two nodes exchange theirs and tell the rest.
func (d delegate) MergeRemoteState(state []byte, _ bool) {
	for envelope, whole := range decodeState(state) {
		if !whole {
			d.g.undecodable(slog.String("err", "the state of a push/pull is broken"))
			return
		}
		d.g.take(envelope)
	}
}

// take merges one envelope, and passes on what was new.
func (g *Gossip) take(envelope []byte) {
	arrived := time.Now()
	if g.config.Cluster() == "" {
		// Whose it is can't be told, and nobody here needs it.
		g.stats.early.Add(1)
		return
	}
	b, age, err := decodeEnvelope(envelope)
	if err != nil {
		g.undecodable(slog.Any("err", err))
		return
	}
	if g.unsure() {
		// How old it is can't be told, and a guess would spread. Whoever is
		// alive repeats it soon.
		g.stats.unread.Add(1)
		return
	}
	ttl, madeAt := g.timeToLive(), arrived.Add(-age)
	if !g.db.receive(b, madeAt, ttl*2/StaleAfter) {
		return
	}
	if age >= ttl {
		g.stats.stale.Add(1)
		return
	}
	g.stats.relayed.Add(1)
	g.queue.QueueBroadcast(newBroadcast(Held{Ballot: b, MadeAt: madeAt}))
}

// undecodable counts a message that is no ballot and logs the first, second,
// fourth, eighth …: whoever sends them could fill the disk otherwise.
func (g *Gossip) undecodable(why slog.Attr) {
	if n := g.stats.undecodable.Add(1); bits.OnesCount64(n) == 1 {
		g.config.Logger.Warn("received a gossip message that can't be read", why, slog.Uint64("so_far", n))
	}
}

// broadcast is a ballot in the queue. A newer one of the same node and page
// takes its place.
type broadcast struct {
	name   string
	ballot []byte // encoded
	madeAt time.Time
}

var _ memberlist.NamedBroadcast = (*broadcast)(nil)

func newBroadcast(h Held) *broadcast {
	page := string([]byte{0, byte(h.Ballot.Page)}) // a name holds no zero byte, and MaxPages fits
	return &broadcast{name: h.Ballot.Node + page, ballot: h.Ballot.Append(nil), madeAt: h.MadeAt}
}

// Name tells the queue what this takes the place of.
func (b *broadcast) Name() string { return b.name }

// Message returns the envelope as of now: the time spent in the queue counts.
func (b *broadcast) Message() []byte {
	return appendEnvelope(make([]byte, 0, envelopeHeader+len(b.ballot)), b.ballot, time.Since(b.madeAt))
}

// Invalidates is for queues that don't know names.
func (b *broadcast) Invalidates(other memberlist.Broadcast) bool {
	o, ok := other.(*broadcast)
	return ok && o.name == b.name
}

// Finished has nothing to do.
func (b *broadcast) Finished() {}
