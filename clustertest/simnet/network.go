// Package simnet is a network in memory, for whole clusters in one process and
// in virtual time: packets and streams for memberlist, calls for raft, and calls
// between nodes. Any direction of any link can be cut, delayed, made lossy and
// made to deliver twice.
//
// Nothing in it blocks for ever: what can't be delivered is dropped, as on a
// real network. All of it may be used from any goroutine.
package simnet

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Link is how one direction between two hosts behaves. The zero Link delivers
// everything after Latency.
type Link struct {
	Cut       bool
	Of        Traffic       // what Cut cuts; 0 means everything
	Delay     time.Duration // on top of Latency
	Jitter    time.Duration // up to so much more, drawn for each message
	RaftDelay time.Duration // on top of all that, for calls of raft, whose disks take time
	Loss      float64       // part of the packets that are lost; calls and streams fail as often
	Duplicate float64       // part of the packets and requests that arrive twice
}

// Traffic is a set of kinds of messages.
type Traffic uint8

// The kinds of messages.
const (
	OfGossip Traffic = 1 << iota // packets and streams of memberlist
	OfRaft                       // calls of raft
	OfCalls                      // calls between nodes
)

// cuts reports whether l lets nothing of that kind through.
func (l Link) cuts(kind Traffic) bool { return l.Cut && (l.Of == 0 || l.Of&kind != 0) }

// Latency is how long a message takes on a healthy link.
const Latency = time.Millisecond

// Network connects hosts by their names. Hosts need not be made: a name is one.
type Network struct {
	mu      sync.Mutex
	random  *rand.Rand
	links   map[direction]Link
	gossips map[string]*Gossip // by address
	rafts   map[string]*Raft   // by address
	ports   int
}

type direction struct{ from, to string }

// New returns a network whose accidents are drawn from the seed.
func New(seed uint64) *Network {
	return &Network{
		random:  rand.New(rand.NewPCG(seed, 0x746f6373696e)),
		links:   make(map[direction]Link),
		gossips: make(map[string]*Gossip),
		rafts:   make(map[string]*Raft),
		ports:   10_000,
	}
}

// Set makes the direction between two hosts behave as l says.
func (n *Network) Set(from, to string, l Link) {
	n.mu.Lock()
	n.links[direction{from, to}] = l
	n.mu.Unlock()
	if l.cuts(OfGossip) {
		n.cutStreams(from, to)
	}
}

// Heal makes every link healthy again.
func (n *Network) Heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.links)
}

// fate is what becomes of one message.
type fate struct {
	lost  bool
	twice bool
	after time.Duration
}

func (n *Network) draw(kind Traffic, from, to string) fate {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.links[direction{from, to}]
	f := fate{after: Latency + l.Delay}
	if kind == OfRaft {
		f.after += l.RaftDelay
	}
	if l.Jitter > 0 {
		f.after += time.Duration(n.random.Int64N(int64(l.Jitter)))
	}
	f.lost = l.cuts(kind) || n.random.Float64() < l.Loss
	f.twice = n.random.Float64() < l.Duplicate
	return f
}

// Reaches reports whether messages of that kind can get from one host to
// another, some of them at least.
func (n *Network) Reaches(kind Traffic, from, to string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.links[direction{from, to}].cuts(kind)
}

// Travel waits for as long as a message of that kind takes from one host to
// another, and reports whether it arrives.
func (n *Network) Travel(kind Traffic, from, to string) bool {
	f := n.draw(kind, from, to)
	time.Sleep(f.after)
	return !f.lost
}
