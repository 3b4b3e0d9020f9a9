package gossipdb

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"
)

// Gossip carries ballots between the DB of this node and those of the others.
//
// Our own ballots go out in two ways. Directly, to everybody in a small
// cluster and to the leader in a large one: that is fast. And by gossip, which
// takes detours around broken links. What arrives and is new is passed on once
// more by whoever receives it; memberlist alone would not do that, and lose
// some.
type Gossip struct {
	config GossipConfig
	db     *DB
	list   *memberlist.Memberlist
	queue  memberlist.TransmitLimitedQueue
	roster roster
	stats  gossipCounters

	keys      *keys
	strangers *strangers
	told      string // the cluster that others were told of; only keepJoined touches it after the start

	sleeps atomic.Uint64 // of the machine, that the queue was emptied after

	address string
	port    uint16        // taken for addresses without one
	refresh chan struct{} // never closed; one place: make new ballots now

	peersChanged chan struct{} // never closed; one place: look for them now

	ending sync.Mutex // orders Leave and Shutdown, which the library does not
	left   atomic.Bool
	ended  atomic.Bool
}

// The queue's size is bounded by nodes and pages anyway; more than this many
// messages could not be sent before newer ones take their place.
const (
	maxQueued     = 2048
	pruneInterval = 10 * time.Second
)

var errLeft = errors.New("this node has left the gossip: start it again to come back")

// StartGossip starts to listen. It is a member of a gossip of one, until Join.
// The caller calls Run, and Shutdown after Run has returned.
func StartGossip(config GossipConfig, db *DB) (*Gossip, error) {
	config = config.complete()
	if err := config.validate(db); err != nil {
		return nil, err
	}
	g := &Gossip{
		config: config, db: db, refresh: make(chan struct{}, 1), peersChanged: make(chan struct{}, 1),
		strangers: newStrangers(), told: config.Cluster(),
	}
	var err error
	if g.keys, err = newKeys(config.Keys); err != nil {
		return nil, fmt.Errorf("start gossip: %w", err)
	}
	m := config.memberlist()
	m.Keyring = g.keys.ring
	m.Logger = log.New(logWriter{config.Logger, g.keys.unopened, g.noteUnopened}, "", 0)
	g.roster.changed = make(chan struct{}, 1)
	g.queue.RetransmitMult = m.RetransmitMult
	g.queue.NumNodes = func() int { return max(1, g.roster.alive()) }
	m.Delegate, m.Alive, m.Events = delegate{g}, delegate{g}, &g.roster
	if err := listen(config, m); err != nil {
		return nil, err
	}
	m.Transport = newBorder(m.Transport, config.Cluster, g.strangers, func() {
		g.undecodable(slog.String("err", errNoHello.Error()))
	}, func() { g.stats.crowded.Add(1) })
	list, err := memberlist.Create(m)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start gossip: %w", err), m.Transport.Shutdown())
	}
	g.list = list
	if self, ok := g.roster.get(config.Node); ok { // noted by Create
		g.address, g.port = self.Address(), self.Port
	}
	return g, nil
}

// Address returns the host:port that other nodes reach this one at.
func (g *Gossip) Address() string { return g.address }

// Members returns all members that are alive, and those that were not long
// ago, in order of names. This node is one of them.
func (g *Gossip) Members() []Member { return g.roster.list() }

// Strangers returns where gossip of other clusters was met in the last minutes.
func (g *Gossip) Strangers() []Stranger { return g.strangers.list() }

// Run sends what changes, repeats ballots, looks for members that are missing,
// and keeps the queue short, until ctx ends. Then it returns nil.
func (g *Gossip) Run(ctx context.Context) error {
	var rejoining sync.WaitGroup
	defer rejoining.Wait()
	rejoining.Go(func() { g.keepJoined(ctx) })

	refresh := time.NewTimer(g.untilRefresh())
	defer refresh.Stop()
	prune := time.NewTicker(pruneInterval)
	defer prune.Stop()
	outbox := g.db.Outgoing()
	known := presence{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-outbox.Ready():
			g.announce(outbox.Take())
		case <-g.refresh:
			g.repeat()
			refresh.Reset(g.untilRefresh())
		case <-refresh.C:
			g.repeat()
			refresh.Reset(g.untilRefresh())
		case <-g.roster.changed:
			g.logPresence(known)
		case <-g.strangers.fresh:
			g.strangers.tell(g.config.Logger, g.config.Cluster())
		case now := <-prune.C:
			g.prune()
			g.roster.forgetGone(now)
		}
	}
}

// Refresh makes Run send new ballots of ours at once, and begin the refresh
// interval anew. It is called when the leader has changed, who counts only
// ballots made since it took office (so the new leader calls it too), and when
// the interval has. It never blocks.
func (g *Gossip) Refresh() { signal(g.refresh) }

// repeat makes new ballots of this node. What was seen before a standstill
// must not be said as of now: hence the question first.
func (g *Gossip) repeat() {
	g.unsure()
	g.db.Refresh()
}

// unsure reports whether what arrives now may have lain unread. When the
// machine has slept, what waits to be passed on says an age that is too low,
// and is dropped: the next push/pull makes up for it.
func (g *Gossip) unsure() bool {
	unsure := g.config.Unsure()
	if n := g.db.sleeps.Load(); g.sleeps.Swap(n) != n {
		g.queue.Reset()
	}
	return unsure
}

// Leave tells the others that this node goes on purpose, and waits for up to
// timeout until that is out. It can't join again.
func (g *Gossip) Leave(timeout time.Duration) error {
	g.ending.Lock()
	defer g.ending.Unlock()
	if g.HasLeft() {
		return nil
	}
	g.left.Store(true)
	if err := g.list.Leave(timeout); err != nil {
		return fmt.Errorf("leave the gossip: %w", err)
	}
	return nil
}

// Shutdown ends the gossip without a word to the others. It may be called
// twice.
func (g *Gossip) Shutdown() error {
	g.ending.Lock()
	defer g.ending.Unlock()
	if g.ended.Swap(true) {
		return nil
	}
	if err := g.list.Shutdown(); err != nil {
		return fmt.Errorf("shut the gossip down: %w", err)
	}
	return nil
}

// untilRefresh returns a little less than the refresh interval, so that nodes
// don't speak in step and nobody's ballot grows older than it should.
func (g *Gossip) untilRefresh() time.Duration { return jitter(g.config.refreshInterval(), 0.9, 1.0) }

func (g *Gossip) timeToLive() time.Duration { return StaleAfter * g.config.refreshInterval() }

// announce sends own ballots: by gossip, and directly.
func (g *Gossip) announce(ballots []Held) {
	recipients := g.recipients()
	for _, h := range ballots {
		b := newBroadcast(h)
		g.queue.QueueBroadcast(b)
		g.stats.announced.Add(1)
		for _, to := range recipients {
			// Counted in send. The gossip carries the ballot as well, and an
			// address that can't be sent to is soon no member any more.
			_ = g.send(to, b)
		}
	}
}

// recipients returns who gets our ballots directly.
func (g *Gossip) recipients() []*memberlist.Node {
	others := g.roster.others(g.config.Node)
	if len(others)+1 <= g.config.DirectLimit {
		return others
	}
	leader := g.config.Leader()
	if leader == "" || leader == g.config.Node {
		return nil
	}
	to, ok := g.roster.get(leader)
	if !ok {
		g.stats.leaderUnseen.Add(1)
		return nil
	}
	return []*memberlist.Node{to}
}

func (g *Gossip) send(to *memberlist.Node, b *broadcast) error {
	if err := g.list.SendBestEffort(to, b.Message()); err != nil {
		g.stats.sendsFailed.Add(1)
		return err
	}
	g.stats.sent.Add(1)
	return nil
}

// prune keeps the queue short. A node alone sends nothing, and what waits is
// old news by the time somebody comes.
func (g *Gossip) prune() {
	limit := maxQueued
	if g.roster.alive() <= 1 {
		limit = 0
	}
	// The library's Prune panics on a queue that was never used.
	if n := g.queue.NumQueued(); n > limit {
		g.queue.Prune(limit)
		g.stats.pruned.Add(uint64(n - limit))
	}
}

// jitter returns d times a random factor of low to high.
func jitter(d time.Duration, low, high float64) time.Duration {
	return time.Duration(float64(d) * (low + (high-low)*rand.Float64()))
}
