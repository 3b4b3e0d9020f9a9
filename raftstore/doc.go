// Package raftstore keeps raft's log and raft's few stable values (the term,
// whom this node voted for) on a disk that can't be trusted, in a process that
// must not go on with what it can't trust.
//
// # Two layers
//
// A Store is raft-boltdb, opened with care. The file is checked before bbolt
// sees it, every record carries a checksum that is verified whenever it is read,
// and all of them are read once when the Store is opened. Whatever is wrong is a
// *Damage: the Store is not opened, and nothing was changed.
//
// A Guard stands between raft and its stores while the node runs. It knows what
// raft does with an error: from most it steps back, from some it panics. A full
// disk is waited out; everything else that a disk can do ends the node in good
// order, through Guard.Run, before it ends the process by a panic; and a write
// that never comes back does so too.
//
// # What is promised
//
// A record is read as it was written, or not at all. A Store that opens holds
// every entry from its first to its last. After the first write that failed for
// any other reason than a full disk, nothing more is written.
//
// All methods may be called from any goroutine, as raft demands.
package raftstore
