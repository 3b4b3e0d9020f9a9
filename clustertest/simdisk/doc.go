// Package simdisk is a disk of memory that fails as disks do: it is slow, hangs,
// fails once or for ever, is full, and loses what was not synced when the power
// goes.
//
// A [Disk] is what one process of one node has open: the raft store, the
// snapshots, the notifier's ledger and the identity, each a file. Every write is
// a transaction, as it is in bbolt: it is seen at once, durable when its sync
// has come back, and in the file as a whole or not at all. A process ends in one
// of two ways, and each leaves another Disk, for the next one:
//
//   - [Disk.Kill]: the kernel lives on and keeps what was written, synced or not;
//   - [Disk.PowerLoss]: what was not synced is gone, or a part of it, from the
//     last write backwards.
//
// In both, of a write under way nobody knows whether it is in. Dice decide,
// which are fixed by the seed of the Disk.
//
// [Disk.Break] turns a [Fault] on. Faults are of the disk, not of the process: the
// next one finds them too.
//
// What it does not model: a file that is torn, truncated or has a bit flipped
// (raftstore and boltcheck refuse those, and their tests make them), and a sync
// that fails, loses the write, and leaves the kernel showing it all the same.
//
// It is for tests only, inside a bubble of testing/synctest.
package simdisk
