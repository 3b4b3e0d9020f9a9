// Package datadir keeps the directory of one node's data: used by one process at a
// time, and refused if it is another node's, if a part of it is missing, or if what
// is in it can't be trusted.
//
// A directory says whose it is (Identity), and holds what its node must not forget:
// raft's log and votes, snapshots, the ledger of the notifications. To start without
// one of them would be to vote twice, or to notify twice. So a missing file is as
// much a damage as a spoilt one, and a node never begins anew by itself. Whoever
// runs it says so, by a Quarantine, which sets aside what is damaged and deletes
// nothing.
//
// Nothing here listens or calls.
package datadir
