// Package footing says how firmly a cluster stands: whether it can decide, what
// it would take to keep it from that, and which nodes and sites may still fail.
//
// It is pure functions of what one node tells of the cluster ([Of]); "tocsin quorum
// check" shows what comes out, and "tocsin doctor" makes findings of it. Names are
// as the nodes have them: whoever shows them on a terminal makes them fit for it.
package footing
