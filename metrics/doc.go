// Package metrics shows Prometheus how a node fares.
//
// Most of what it shows is read when it is asked for: the parts of a node count
// for themselves already, and a [Scene] holds what they say at one moment. Each
// such number is a figure: a name, a word of help, and a function of the scene.
// The figures of one subject stand in one file.
//
// What a picture of one moment can't show, how long things took above all, is
// observed as it happens, by the instruments: [Checks], [Decisions],
// [Notifications], [Writes], [Requests] and [Disk]. Each fulfils the small
// interface of the package that it listens to, which knows nothing of
// Prometheus. Every series of theirs is made at the start, so that observing is
// an addition or two, and a rate over something that has not happened yet is 0.
//
// The number of series is bounded: no label holds what a user or the network has
// sent. The one exception, the state of each endpoint, is asked for by name, and
// shows [MaxEndpoints] at most.
//
// There is no global registry: each [Metrics] has its own, so that many nodes
// live in one process. For that reason the metrics that raft and memberlist
// write to a global of their library are left where they are; what matters of
// raft is read from it instead.
//
// Everything may be used from any goroutine.
package metrics
