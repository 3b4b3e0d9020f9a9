// Package calendar says when a stretch of time that repeats is on: one that
// begins as a cron expression says, in a time zone, and lasts for so long. It is
// arithmetic: no clock is read, and nothing waits or wakes.
//
// # Summer time
//
// The expression speaks of what the clocks of the zone show. A beginning that
// they leave out in spring comes as much later as they are put forward (02:30
// becomes 03:30), and one that they show twice in autumn comes once, the first
// time. How long it lasts is real time: two hours are two hours in any night.
//
// The zones are those of the machine, and where it has none, those that this
// build carries with it.
//
// All functions may be called from any goroutine.
package calendar
