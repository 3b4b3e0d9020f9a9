package clustertest

import (
	"sync"
	"time"

	"tocsin/doubt"
)

// StandStill makes a node believe that its process was stopped until now, for
// so long, as SIGSTOP and SIGCONT would. Its goroutines did not stand still:
// virtual time stops for all or for none.
func (c *Cluster) StandStill(name string, d time.Duration) {
	c.t.Helper()
	c.member(name).clock.move(d, d)
}

// Sleep makes a node believe that its machine slept until now, for so long:
// what its clock counts has gone on only by the wall.
func (c *Cluster) Sleep(name string, d time.Duration) {
	c.t.Helper()
	c.member(name).clock.move(0, d)
}

// clock is the virtual one, and what was added to it on one machine.
type clock struct {
	mu              sync.Mutex
	monotonic, wall time.Duration
}

func (c *clock) move(monotonic, wall time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.monotonic += monotonic
	c.wall += wall
}

func (c *clock) read() doubt.Reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Duration(time.Now().UnixNano())
	return doubt.Reading{Monotonic: now + c.monotonic, Wall: now + c.wall}
}
