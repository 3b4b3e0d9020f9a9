// Package stream asks scripts that stay. Where a process for each check is too
// dear, a script is started once and then asked line by line: this package starts
// it, asks, gives each answer to whoever asked, and ends it.
//
// # What the script is told, and says
//
// It is run as SCRIPT, without arguments, with TOCSIN_NODE and TOCSIN_SITE in its
// environment. It reads one line of JSON for each check from its standard input:
//
//	{"id":7,"key":"web","value":"http://10.0.0.1/","timeout_seconds":5,"state":"UP","node":"n1","site":"south"}
//
// and prints one line of JSON for each on its standard output, at once (it
// flushes), in any order:
//
//	{"id":7,"status":"DOWN","reason":"connection refused"}
//
// The status is UP, DOWN or UNKNOWN; the reason may be missing. Other fields are
// passed over on both sides: more may come. The next check is asked without
// waiting for the answer of the one before, so a script that does one thing after
// the other makes the others late. When its input ends it ends.
//
// # What happens to one that does not
//
//   - A check that is not answered within its timeout is late ([ErrLate]); an
//     answer that comes later is counted, and passed over.
//   - An answer whose status is none, or that can't be read, is an error for the
//     check whose id it has.
//   - When the script ends, all checks under way are errors that say how, and it
//     is started again at the next check after a pause: 1s, then twice the pause
//     before, up to 1m, and 1s again after a life that was longer than the pause
//     before it. Checks in the pause are errors at once.
//   - It is ended, and that is an error for the checks under way, if it prints
//     1,000 lines in a row that answer nothing, or answers nothing in time for
//     10s and while three deadlines pass one after the other.
//   - It is asked to end, by the end of its input, when nobody has asked it for 3
//     minutes and when its file has changed: then another one is started, and the
//     old one may answer what is under way. It has 10s for that; then, and
//     whenever else it has to end, its process group gets TERM, and KILL 2s later.
//
// # What always holds
//
//   - Each question gets exactly one outcome, by its deadline, whatever the
//     script does.
//   - At most 4,096 questions are under way in one script, and of a line no more
//     than 8 KiB is kept. There is one process for a script; those of
//     its file as it was before take no questions, and end.
//   - [Room.Close] leaves no process, goroutine or descriptor behind.
//
// # How it is built
//
// A [Room] has a speaker for each script. The speaker is one goroutine, which owns
// the process and what is under way in it. What an answer, a deadline and an end
// mean is decided by data without a clock: desk.go and pause.go. How a process is
// run is the business of [script.Converse].
package stream
