// Package doctor examines a cluster as a whole: what is wrong, what will go
// wrong, and what to do about each.
//
// It works in two steps. [Gather] asks every node over its API what it sees and
// what it knows of itself, and [Look] looks around on this machine, as far as a
// node runs here or a configuration file was named. What they found are
// [Facts]; they judge nothing. [Examine] judges, and asks nobody: it is a list of
// pure functions from Facts to [Finding]s, a subject each, which tables test.
//
// Whoever adds a subject adds to Facts what it needs, fills that in where the
// others are filled in, and adds a function to the list in examine.go.
//
// Nothing is changed anywhere, no node is asked more than a few cheap
// questions, and all of it ends within seconds.
package doctor
