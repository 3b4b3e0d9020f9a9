// Package lan makes a network of several hosts on one Linux machine, for tests:
// each host has network, addresses and mounts of its own, and a switch in this
// process carries every packet between them. So any link can be cut, one way or
// both, for some ports or all, and can lose, repeat and delay what it carries;
// the kernel needs no filter and no traffic control for that.
//
// It needs root, ip and /dev/net/tun; [Possible] says what is missing.
//
// Nothing of it has a name outside this process, so runs side by side do not
// meet, and nothing can be left behind: the namespaces of a host live as long as
// the thread that made them, and every process that was started on it is ended
// by the kernel when that thread is gone, even if the test was killed.
package lan
