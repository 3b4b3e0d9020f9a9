// Package sim breaks a cluster in virtual time and records what happens.
//
// [NewPlan] makes of a seed a cluster, a world and a schedule of faults; [Run]
// plays it on real nodes (see clustertest), lets the faults end, waits until
// the cluster has converged, and returns the history for package check. A plan
// is either for safety, and then anything may break, or for liveness: then a
// core of the nodes, a majority of nodes and of sites, is left alone, and what
// is really so has to be decided in time.
//
// The seed fixes the plan. It does not fix in which order goroutines run, so a
// seed that failed once need not fail each time: the history is what counts.
//
// It is for tests only, inside a bubble of testing/synctest.
package sim
