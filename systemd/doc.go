// Package systemd tells the service manager how the agent fares, by the protocol
// of sd_notify(3): that it serves, that it stops, and, for the watchdog, that it
// makes progress. It knows nothing of what a node is: whoever calls it says what
// progress means.
//
// Where nobody asked to be told (there is no NOTIFY_SOCKET) a [Manager] is
// silent, so that callers need not care. One goroutine at a time may use it.
package systemd
