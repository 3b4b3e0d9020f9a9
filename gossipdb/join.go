package gossipdb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// memberlist does not heal a cluster that was cut in two for longer than it
// remembers the dead. So we look again and again for everybody who is missing.
// One address that answers is enough to bring both sides together, so a few of
// them at a time will do.
const (
	rejoinInterval = 10 * time.Second
	aloneInterval  = 2 * time.Second // a node alone is in a hurry
	rejoinAtOnce   = 8
	joinTimeout    = 30 * time.Second // of one Join, all addresses together
)

// Join exchanges everything with the nodes at the addresses, host:port each
// (without a port: our own). It returns how many answered, and an error only if
// none did. It takes half a minute at most.
func (g *Gossip) Join(addresses []string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), joinTimeout)
	defer cancel()
	return g.join(ctx, addresses)
}

// join tries up to rejoinAtOnce addresses side by side.
func (g *Gossip) join(ctx context.Context, addresses []string) (int, error) {
	var (
		mu     sync.Mutex
		joined int
		errs   []error
		group  sync.WaitGroup
		places = make(chan struct{}, rejoinAtOnce)
	)
	for _, address := range addresses {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			err := g.joinOne(ctx, address)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, fmt.Errorf("join %s: %w", address, err))
			} else {
				joined++
			}
		})
	}
	group.Wait()
	g.stats.joins.Add(uint64(joined))
	g.stats.joinsFailed.Add(uint64(len(errs)))
	if joined == 0 {
		return 0, errors.Join(errs...)
	}
	return joined, nil
}

// joinOne tries what stands behind one address until something answers.
func (g *Gossip) joinOne(ctx context.Context, address string) error {
	if g.HasLeft() {
		return errLeft
	}
	found, err := resolve(ctx, address, g.port)
	if err != nil {
		return err
	}
	err = errors.New("no address")
	for _, a := range found {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if _, err = g.list.Join([]string{a.String()}); err == nil {
			return nil
		}
	}
	return err
}

// HasLeft reports whether this node has left the gossip, so that it hears nobody
// until it is started again. It takes no lock: leaving takes a while.
func (g *Gossip) HasLeft() bool { return g.left.Load() || g.ended.Load() }

// keepJoined joins whoever is missing, again and again, until ctx ends.
func (g *Gossip) keepJoined(ctx context.Context) {
	for {
		interval := rejoinInterval
		if g.roster.alive() <= 1 {
			interval = aloneInterval
		}
		select {
		case <-ctx.Done():
			return
		case <-g.peersChanged:
		case <-time.After(jitter(interval, 0.75, 1.25)):
		}
		g.tellCluster(ctx)
		g.rejoin(ctx)
	}
}

// PeersChanged makes Run look at once for members that are missing, and at what
// cluster this node belongs to. It never blocks.
func (g *Gossip) PeersChanged() { signal(g.peersChanged) }

func (g *Gossip) rejoin(ctx context.Context) {
	missing := g.missing(ctx)
	if len(missing) == 0 || g.HasLeft() {
		return
	}
	rand.Shuffle(len(missing), func(i, j int) { missing[i], missing[j] = missing[j], missing[i] })
	missing = missing[:min(len(missing), rejoinAtOnce)]
	before := g.roster.alive()
	if _, err := g.join(ctx, missing); err != nil {
		g.config.Logger.Debug("nobody who is missing answered", "address", missing, "err", err)
		return
	}
	// Somebody may answer for ever and never be a member: behind an address
	// that is not the one it gives, or gone on purpose.
	if after := g.roster.alive(); after > before {
		g.config.Logger.Info("found members that were missing", "address", missing, "members_before", before, "members", after)
	}
}

// missing returns the addresses at which a member should be and none seems to
// be alive: of the peers, and of those who were members not long ago.
func (g *Gossip) missing(ctx context.Context) []string {
	alive := map[string]bool{g.address: true}
	wanted := g.config.Peers()
	for _, m := range g.roster.list() {
		if m.Alive {
			alive[m.Address] = true
		} else if !g.strangers.at(m.Address) {
			wanted = append(slices.Clip(wanted), m.Address)
		}
	}
	wanted = slices.Compact(slices.Sorted(slices.Values(wanted)))
	return slices.DeleteFunc(wanted, func(address string) bool {
		found, err := resolve(ctx, address, g.port)
		for _, a := range found {
			if !alive[a.String()] {
				return false
			}
		}
		// A name that can't be resolved is tried, so that the failure is told.
		return err == nil
	})
}
