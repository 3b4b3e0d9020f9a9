// Package check proves promises on the history of a cluster. A [History] says
// what was done to the cluster and what it did; a [Checker] is a pure function
// that finds in it what breaks one promise. [All] lists them by the numbers of
// the promises.
//
// What the history says of the replicated state does not come from a node: it
// is the committed log, entry by entry, replayed from the beginning. What nodes
// applied, ran and reported is held against that.
//
// Nothing in here knows how a history came about, and nothing reads a clock.
package check
