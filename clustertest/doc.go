// Package clustertest runs a whole cluster in one process and in virtual time:
// real raft, real memberlist and all of package node, on a network, disks and
// scripts in memory. It is for tests only, inside a bubble of testing/synctest:
//
//	synctest.Test(t, func(t *testing.T) {
//		c := clustertest.New(t, 5)
//		c.Set("db", "db-1:5432")
//		c.World.Set("db", health.Down)
//		c.AwaitState("db", health.Down)
//		c.AwaitNotified("db", health.Down, c.Names()...)
//	})
//
// The clock is virtual, the order in which goroutines run is not fixed. What a
// test waits for it waits for with a deadline in virtual time (see Await), and
// an hour costs seconds.
//
// A crash is an abandonment: the node's disks are copied at that instant and
// its network is cut, and what the abandoned process does afterwards reaches
// nobody. Restart starts a new process on the copies.
package clustertest
