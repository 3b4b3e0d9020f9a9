// Package raftwire carries raft's messages between nodes over a network that can't
// be trusted: who may speak for whom, and who may vote.
//
// # Two layers
//
// A Network is raft's own transport over TCP or TLS, made so that it can hang up,
// and that whoever calls speaks for the node that its certificate names and for no
// other.
//
// A Transport stands between raft and what carries its messages, a Network or one
// of memory. Raft takes for granted that an address is a node, that a node is a
// process, and that who answers is who was asked. None of that is so when nodes move,
// lose their disks or are told the wrong addresses: the Transport keeps from raft what
// would give one process two votes, and what comes from another cluster.
package raftwire
