//go:build linux

package lan

import (
	"math/rand/v2"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	largestPacket = 64 << 10
	// mostDelayed bounds how many packets are held back at once: further ones
	// are lost, as on a link whose queue is full.
	mostDelayed = 20_000
)

// Link is what becomes of a packet. The zero value carries it.
type Link struct {
	Cut bool
	// Loss and Duplicate are probabilities.
	Loss, Duplicate float64
	// Delay holds every packet back, and Jitter some of them for longer, so that
	// they overtake each other.
	Delay, Jitter time.Duration
}

// Rule says what becomes of each packet. It is called by many goroutines.
type Rule func(Packet) Link

// Switch carries packets between hosts.
type Switch struct {
	rule atomic.Pointer[Rule]

	mu    sync.Mutex
	ports map[netip.Addr]port // guarded by mu

	readers sync.WaitGroup
	held    sync.WaitGroup
	delayed atomic.Int64
}

// port is where a host is plugged in.
type port struct {
	host string
	tun  *os.File
}

// NewSwitch returns a switch that carries everything.
func NewSwitch() *Switch {
	s := &Switch{ports: map[netip.Addr]port{}}
	s.Obey(func(Packet) Link { return Link{} })
	return s
}

// Obey makes r the rule for every packet from now on.
func (s *Switch) Obey(r Rule) { s.rule.Store(&r) }

// plug connects a host and carries what it sends until its device is closed.
func (s *Switch) plug(host string, tun *os.File, at ...netip.Addr) {
	s.mu.Lock()
	for _, address := range at {
		s.ports[address] = port{host, tun}
	}
	s.mu.Unlock()
	s.readers.Go(func() {
		buffer := make([]byte, largestPacket)
		for {
			n, err := tun.Read(buffer)
			if err != nil {
				return
			}
			s.carry(buffer[:n])
		}
	})
}

func (s *Switch) portOf(at netip.Addr) (port, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.ports[at]
	return p, ok
}

// carry does with a packet what the rule says. The data are the caller's.
func (s *Switch) carry(data []byte) {
	p, from, to, ok := parse(data)
	source, known := s.portOf(from)
	target, reachable := s.portOf(to)
	if !ok || !known || !reachable {
		return
	}
	p.From, p.To = source.host, target.host
	link := (*s.rule.Load())(p)
	if link.Cut || rand.Float64() < link.Loss {
		return
	}
	times := 1
	if rand.Float64() < link.Duplicate {
		times = 2
	}
	for range times {
		s.deliver(target, data, link)
	}
}

// deliver hands a packet over, now or later. A device whose queue is full loses
// it, and one that is closed has no use for it.
func (s *Switch) deliver(target port, data []byte, link Link) {
	wait := link.Delay
	if link.Jitter > 0 {
		wait += rand.N(link.Jitter)
	}
	if wait == 0 {
		_, _ = target.tun.Write(data)
		return
	}
	if s.delayed.Add(1) > mostDelayed {
		s.delayed.Add(-1)
		return
	}
	kept := append([]byte(nil), data...)
	s.held.Add(1)
	time.AfterFunc(wait, func() {
		defer s.held.Done()
		defer s.delayed.Add(-1)
		_, _ = target.tun.Write(kept)
	})
}

// unplug ends everything, and returns when nothing is carried any more.
func (s *Switch) unplug() {
	s.mu.Lock()
	for _, p := range s.ports {
		_ = p.tun.Close() // ends the reader, which is all that is wanted
	}
	s.mu.Unlock()
	s.readers.Wait()
	s.held.Wait()
}
