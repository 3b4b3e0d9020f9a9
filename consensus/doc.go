// Package consensus is one node's part in the replicated log: it proposes, commits
// and forwards what is written, knows who leads, and does the work of the leader for
// as long as it leads. To all others the log is a fsm.View that changes.
//
// # Writing
//
// Propose takes a write on any node. Writes that come at the same time share an
// entry; it is committed here if this node leads, and else forwarded to who does.
// Every error says whether the write may have been done.
//
// # Leading
//
// The work of a term runs under a context that ends with the term, and has ended
// before that of the next begins. It begins when everything that was committed by
// earlier leaders is applied here.
//
// # What is guarded
//
// Raft writes through a raftstore.Guard and speaks through a raftwire.Transport.
// Whatever raft is asked for is waited for with a bound, since a disk that hangs lets
// raft hang (see futures).
package consensus
