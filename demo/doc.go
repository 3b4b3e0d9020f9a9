//go:build unix

// Demo shows what Tocsin is for, on real processes and in under a minute: five
// nodes watch a service, the service is killed, the nodes agree, and a script
// on each of them points that machine's client at the standby; then the leader
// is killed too, the service comes back, and so does the leader.
//
// It is a story that checks itself. Each step waits, for a bounded time, until
// what it tells has really happened, and says how long that took; the first
// that does not happen ends the demo with an error that names it and the logs.
// story.go has the steps and says what is promised; the other files are how
// that is made to happen, and seen:
//
//	follow.go    one change of state, from the first vote to the last client
//	cluster.go   five agents, each with folders of its own, as on five machines
//	process.go   one child process: started, killed, stopped, never left behind
//	services.go  the primary and the standby, and the clients that use them
//	watch.go     what the nodes say over HTTP
//	screen.go    lines for people
//	stay.go      the cluster left running for the curious
//
// The story is told by one goroutine; another one for each child waits for its
// end. The demo knows Tocsin only from the outside: the binary it was given, the
// HTTP of its nodes, and the contract of notification scripts.
package main
