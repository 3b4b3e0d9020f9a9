package script

import "golang.org/x/sys/unix"

// lacking returns what this process would have to be able to do, and is not: become
// another user and group, and end a process of another user. The last also lets the
// kernel end a script whose agent has died.
func lacking() (names []string) {
	_, held, err := capabilities()
	for _, c := range []struct {
		name string
		bit  uint
	}{{"CAP_SETUID", unix.CAP_SETUID}, {"CAP_SETGID", unix.CAP_SETGID}, {"CAP_KILL", unix.CAP_KILL}} {
		if err != nil || held[0].Effective&(1<<c.bit) == 0 {
			names = append(names, c.name)
		}
	}
	return names
}

// shed has the calling thread hand down no capability to what it starts. Of a user
// who is not root the ambient ones would stay through a change to another such user,
// CAP_SETUID among them, and with that the script could become anybody. What goes out
// of the inheritable ones goes out of the ambient ones; what this process itself may
// do stays.
func shed() error {
	header, held, err := capabilities()
	if err != nil || held[0].Inheritable|held[1].Inheritable == 0 {
		return err
	}
	held[0].Inheritable, held[1].Inheritable = 0, 0
	return unix.Capset(&header, &held[0])
}

// capabilities returns those of the calling thread.
func capabilities() (header unix.CapUserHeader, held [2]unix.CapUserData, err error) {
	header.Version = unix.LINUX_CAPABILITY_VERSION_3
	err = unix.Capget(&header, &held[0])
	return header, held, err
}
