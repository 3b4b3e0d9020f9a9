//go:build linux

package hosttest

import (
	"context"
	"fmt"
	"time"

	"tocsin/api"
	"tocsin/clustertest/check"
)

// glance is how often a node is looked at.
const glance = 150 * time.Millisecond

// watch follows a process from outside until it ends.
func (c *Cluster) watch(n *node, l *life) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tick := time.NewTicker(glance)
	defer tick.Stop()
	var index, event uint64
	for {
		index = c.lookAtHealth(ctx, n, l, index)
		event = c.lookAtEvents(ctx, n, l, event)
		select {
		case <-tick.C:
		case <-l.done:
			c.record.ready(n.name, false, []string{"it is down"})
			if !l.doomed.Load() {
				c.record.broken("%s has ended by itself with %d:\n%s", n.name, l.cmd.ProcessState.ExitCode(), l.said(8))
			}
			return
		}
	}
}

// lookAtHealth notes whether the node is ready and how far it has applied the
// log, which is no less than index.
func (c *Cluster) lookAtHealth(ctx context.Context, n *node, l *life, index uint64) uint64 {
	var r api.Readiness
	if err := n.get(ctx, "/readyz", &r); err != nil {
		c.record.ready(n.name, false, []string{fmt.Sprintf("no answer: %v", err)})
		return index
	}
	if l.over() {
		return index // it may have been the next one that answered
	}
	c.record.ready(n.name, r.Ready, r.Problems)
	if r.Index > index {
		c.record.change(func(h *check.History, at time.Duration) {
			h.Applied = append(h.Applied, check.Applied{Node: n.name, Life: l.Number, Index: r.Index, At: at})
		})
	}
	return max(index, r.Index)
}

// lookAtEvents notes the events that the node shows after one.
func (c *Cluster) lookAtEvents(ctx context.Context, n *node, l *life, after uint64) uint64 {
	var page api.Events
	if n.get(ctx, fmt.Sprintf("/v1/events?after=%d&limit=1000", after), &page) != nil || l.over() {
		return after
	}
	for _, e := range page.Events {
		after = e.ID
		c.record.change(func(h *check.History, at time.Duration) {
			h.Seen = append(h.Seen, check.Seen{Node: n.name, Life: l.Number, Event: &e.Event, At: at})
		})
	}
	return after
}
