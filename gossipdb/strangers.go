package gossipdb

import (
	"cmp"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// Stranger is where gossip of another cluster came from, or was met.
type Stranger struct {
	Address string // host:port, or the host alone if only streams came from it
	Cluster string
	Seen    time.Time // last
}

const (
	maxStrangers     = 64
	rememberStranger = 10 * time.Minute
	tellOfStrangers  = time.Minute
)

// strangers remembers nodes of other clusters, so that each is told of once for
// as long as it comes again. Many may note them; Run alone tells of them.
type strangers struct {
	fresh chan struct{} // never closed; one place: there is one to tell of

	mu      sync.Mutex
	met     map[strange]*Stranger
	untold  []Stranger
	told    time.Time // when the log was, last
	refused uint64    // packets, streams and members
}

// strange is what makes a stranger the same: the port of a stream that it opened
// is another each time.
type strange struct{ host, cluster string }

func newStrangers() *strangers {
	return &strangers{fresh: make(chan struct{}, 1), met: make(map[strange]*Stranger)}
}

// note remembers that something of that cluster was refused. It never blocks.
func (s *strangers) note(address, cluster string) {
	host := hostOf(address)
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused++
	if known := s.met[strange{host, cluster}]; known != nil {
		known.Seen = now
		if known.Address == host {
			known.Address = address
		}
		return
	}
	s.forgetLocked(now)
	if len(s.met) == maxStrangers || len(s.untold) == maxStrangers {
		return // counted
	}
	stranger := Stranger{address, cluster, now}
	s.met[strange{host, cluster}] = &stranger
	s.untold = append(s.untold, stranger)
	signal(s.fresh)
}

func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}

func (s *strangers) forgetLocked(now time.Time) {
	maps.DeleteFunc(s.met, func(_ strange, known *Stranger) bool { return now.Sub(known.Seen) > rememberStranger })
}

// list returns those of the last minutes, in order of clusters and addresses.
func (s *strangers) list() []Stranger {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetLocked(time.Now())
	all := make([]Stranger, 0, len(s.met))
	for _, known := range s.met {
		all = append(all, *known)
	}
	slices.SortFunc(all, func(a, b Stranger) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Address, b.Address))
	})
	return all
}

// at reports whether a stranger was met at that very address of late.
func (s *strangers) at(address string) bool {
	return slices.ContainsFunc(s.list(), func(known Stranger) bool { return known.Address == address })
}

func (s *strangers) count() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// tell logs those that were not yet told of: no more than a line a minute, with one
// of them and how often anything was refused. list has them all.
func (s *strangers) tell(log *slog.Logger, ours string) {
	now := time.Now()
	s.mu.Lock()
	if len(s.untold) == 0 || !s.told.IsZero() && now.Sub(s.told) < tellOfStrangers {
		s.mu.Unlock()
		return // told of with the next one
	}
	first, soFar := s.untold[0], s.refused
	s.untold, s.told = nil, now
	s.mu.Unlock()
	log.Error("gossip that names another cluster comes here, and is refused: look for a wrong --gossip-join, there or here, or an address that is used twice; the name is unproven, for anybody can send one",
		"address", first.Address, "cluster", ours, "other_cluster", first.Cluster, "so_far", soFar)
}
