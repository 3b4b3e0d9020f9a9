// Package recovery brings a cluster back that has lost a majority of its voters for
// good, from what one survivor has on its disk. It asks the others first, and is
// refused while any of them contradicts: two majorities would decide side by side.
//
// For a single node whose data are damaged see [tocsin/datadir.Quarantine].
package recovery
