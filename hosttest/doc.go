// Package hosttest breaks a cluster of real processes: five nodes, each on a
// host of its own (package lan), with real files, real scripts and a real clock.
//
// [Start] brings a [Cluster] up. A [Storm] plays one fault after another on it,
// drawn from a seed, with calm in between, in which everything has to converge.
// Afterwards [Cluster.History] makes a history of what the nodes left behind,
// and package check finds in it what breaks a promise.
//
// # Where the history comes from
//
//	log, events     the raft logs in the data directories, read when all nodes
//	                have ended, and replayed; their times are those at which the
//	                leader appended the entries
//	seen, applied,  each node's API, asked several times a second from its own
//	ready           host, so that no cut hides the answers
//	runs            lines that the notification scripts append to a file
//	endings, gaps,  what the nodes log
//	terms, epochs
//	lives, links,   this package, which makes them
//	sights, writes
//
// All of it happens on one machine, so one clock, that of the wall, serves all.
// What is measured late by its nature (a script that was started writes its line
// a moment later) gets an allowance, which gather.go names: a promise broken for
// less than that is overlooked.
//
// The seed fixes which faults are played, on whom, and when. It fixes nothing
// of what the processes make of it: a seed that failed need not fail again.
package hosttest
