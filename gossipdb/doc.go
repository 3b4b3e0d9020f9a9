// Package gossipdb is what every node holds about every endpoint: ballots,
// merged and aged, and the memberlist shell that carries them.
//
// # Words
//
// A [Ballot] is what one node says about one page of 2048 slots: two bits a
// slot, a few reasons, and the raft index of the endpoints the verdicts were
// made from. (epoch, sequence) orders the ballots of a node; no wall clock of
// another machine is ever looked at. A [Table] holds the newest ballot of each
// node and page and is never changed: a merge makes the next one. [DB] is the
// current table, the node's own verdicts, and those who wait for changes.
// [Gossip] takes ballots to the other nodes and brings theirs.
//
// # What always holds
//
//   - Merging is commutative, associative and idempotent: whatever order,
//     however often, over whatever detours ballots arrive, nodes that have
//     received the same ballots hold the same ones.
//   - A ballot is never held to be younger than the nodes it passed through
//     can tell. Each hop adds the time it kept the ballot, rounded up, and a
//     repeated ballot keeps its older time. Only the time on the wire itself
//     is not seen. What a process reads just after it stood still may have
//     lain there all the while, and is dropped.
//   - A ballot never claims a new index with old bits: both change together.
//   - Nothing from outside is ever merged over the ballots of this node.
//   - Neither members nor ballots of another cluster ever come in, whatever
//     address is given to whom. A node that belongs to none yet is seen, and
//     takes and passes on no ballot.
//   - Everything is bounded: pages, nodes, reasons, packets, queues. What does
//     not fit is dropped and counted.
//
// # What it is not
//
// It decides nothing and removes nothing by itself. Whether a ballot is fresh
// enough to count, and whether its node has a vote at all, is for the reader
// to say. The members of the gossip are hints for delivery, never a basis for
// a quorum.
//
// # Concurrency
//
// Every exported method of DB, Changes and Gossip may be called from any
// goroutine. Tables and ballots are immutable and may be shared freely.
package gossipdb
