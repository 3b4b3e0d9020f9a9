// Package peer is what nodes ask of each other, under /v1/peer: who are you, take
// me in, commit this, how far are you, what do you alone know. It has the
// questions, their answers, and the [Client] that asks; api/server answers.
//
// These paths are in no document. Both ends are nodes, perhaps of different
// builds: fields are added and never change their meaning, and whoever reads
// passes over those that it does not know.
//
// What comes from another node is bounded before it is read, and an answer that
// names no node, or no leader that can be reached, is an error. A Client may be
// used by any number of goroutines.
package peer
