// Package script runs one user's script and comes back with what it said:
// output, exit code, or the signal or fault that ended it. It judges nothing;
// what UP, 0 or a timeout mean is for its callers to say. A script that stays, to
// be spoken to line by line, is run by [Converse] under the same rules.
//
// # What always holds
//
//   - Run comes back soon after the deadline, whatever the script does. The one
//     exception is a process the kernel itself can't end (uninterruptible
//     sleep, say on a dead disk): waiting for it is better than starting a
//     second one beside it.
//   - A script runs in a session and a process group of its own: it has no terminal
//     (/dev/tty), whoever started us from one. When Run comes back, every
//     process of that group has got a KILL: what a script starts in the
//     background and doesn't wait for ends with it. A process that left the
//     group on purpose (setsid, a daemon) lives on, and doesn't hold Run up even
//     if it keeps the script's output open.
//   - Should this process be killed outright (SIGKILL, out of memory), then on
//     Linux the script dies with it, and only the script: there is nobody left
//     to end its group, so what the script has started may live on. To end
//     those as well is for whoever runs us: the control group of a service
//     manager does (systemd: KillMode=control-group, which is its default).
//   - No zombie, no open descriptor, no goroutine and no timer stays behind.
//   - Memory is bounded by Command.MaxOutput, not by what the script prints.
//   - No shell stands between us and the script: arguments arrive as they are.
//   - A script may run as another user (Dir.As), who must not be root: with that user's
//     groups, no capabilities, and a home, a working directory and pipes that it can
//     open. Its group is ended as any other: As sees beforehand that we may do that. On
//     Linux a program of its own becomes that user (setpriv of util-linux): no process
//     of that user ever shares our memory, or holds us up.
//
// # What does not hold
//
// A process that left its group lives on, whether a daemon that was meant to or
// a fork bomb that calls setsid. On Linux we could become the reaper of all such
// orphans (PR_SET_CHILD_SUBREAPER), but that is a property of the whole process:
// every child of every library would come back to us, whoever waits for a child
// of any number would take those of os/exec away, and a notification that
// restarts a service by hand would see it killed. A cgroup for each script needs
// rights that we should not have. What bounds them all together is what the node
// itself runs in: TasksMax, MemoryMax and KillMode=control-group of its unit.
//
// Everything here may be called from any number of goroutines at once; how many
// scripts run side by side is for the caller to bound.
package script
