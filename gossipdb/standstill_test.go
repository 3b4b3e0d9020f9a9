package gossipdb_test

import (
	"sync/atomic"
	"testing"
	"time"

	"tocsin/gossipdb"
	"tocsin/health"
)

// A node that stood still reads what came meanwhile as if it came now.
func TestGossip_WhatMayHaveLainUnreadIsDropped(t *testing.T) {
	var unsure atomic.Bool // n0
	adjust := func(g *gossipdb.GossipConfig) {
		if g.Node == "n0" {
			g.Unsure = unsure.Load
		}
	}
	inBubble(t, 3, adjust, func(c *cluster) {
		unsure.Store(true)
		c.nodes[1].db.Cast(2, []gossipdb.Vote{{Slot: 7, Verdict: health.Down}})
		c.await(c.nodes[1:], "n1", 7, health.Down, time.Second)
		time.Sleep(time.Second)
		if v, dropped := statusOf(c.nodes[0].db.Table(), "n1", 7), c.nodes[0].Stats().Unread; v != health.Unknown || dropped == 0 {
			t.Errorf("n0 can't tell how old it is, and holds %v after dropping %d", v, dropped)
		}
		unsure.Store(false)
		c.await(c.nodes[:1], "n1", 7, health.Down, 2*refresh)
	})
}

func TestGossip_AsksBeforeItRepeatsBallots(t *testing.T) {
	var still atomic.Bool
	dbs := make(chan *gossipdb.DB, 1)
	adjust := func(g *gossipdb.GossipConfig) {
		if g.Node == "n0" {
			g.Unsure = func() bool {
				if still.Load() {
					db := <-dbs
					db.Abstain("stood still")
					dbs <- db
				}
				return false
			}
		}
	}
	inBubble(t, 2, adjust, func(c *cluster) {
		c.nodes[0].db.Cast(2, []gossipdb.Vote{{Slot: 7, Verdict: health.Down}})
		c.await(c.nodes, "n0", 7, health.Down, time.Second)
		before, _ := c.nodes[1].db.Table().Get("n0", 0)
		dbs <- c.nodes[0].db
		still.Store(true)
		time.Sleep(refresh)
		after, _ := c.nodes[1].db.Table().Get("n0", 0)
		if after.Ballot.Abstains == "" || after.Ballot.Sequence > before.Ballot.Sequence+2 {
			t.Errorf("after %+v came %+v, want the very next one to abstain", before.Ballot, after.Ballot)
		}
	})
}

func TestDB_OversleptMakesEverythingOlder(t *testing.T) {
	db := gossipdb.New("n1")
	db.Open(1)
	db.Receive(&gossipdb.Ballot{Node: "n2", Epoch: 1, Sequence: 1}, time.Second)
	db.Overslept(time.Hour)
	for h := range db.Table().All() {
		if time.Since(h.MadeAt) < time.Hour {
			t.Errorf("the ballot of %s is %v old", h.Ballot.Node, time.Since(h.MadeAt))
		}
	}
	// What comes now is as old as it says.
	db.Receive(&gossipdb.Ballot{Node: "n2", Epoch: 1, Sequence: 2}, time.Second)
	if h, _ := db.Table().Get("n2", 0); time.Since(h.MadeAt) > time.Minute {
		t.Errorf("a ballot of afterwards is %v old", time.Since(h.MadeAt))
	}
}
