package script

import "golang.org/x/sys/unix"

// switching are the capabilities to become another user and group, and to end a process
// of another user. The last also lets the kernel end a script whose agent has died.
var switching = [...]struct {
	name string
	bit  uint
}{{"CAP_SETUID", unix.CAP_SETUID}, {"CAP_SETGID", unix.CAP_SETGID}, {"CAP_KILL", unix.CAP_KILL}}

// powers names what it takes to run scripts as another user.
func powers() (names []string) {
	for _, c := range switching {
		names = append(names, c.name)
	}
	return names
}

// Powers returns which this process has of the capabilities that it takes to run
// scripts as another user, by their names.
func Powers() (names []string) {
	_, held, err := capabilities()
	for _, c := range switching {
		if err == nil && held[0].Effective&(1<<c.bit) != 0 {
			names = append(names, c.name)
		}
	}
	return names
}

// shed has the calling thread hand down none of the capabilities that are ours to
// become others by: with CAP_SETUID a script is root as soon as it likes. What else
// we were given, such as to send pings, stays with a script that runs as who we are.
//
// Ambient capabilities are what is handed down by who is not root. What goes out of
// the inheritable ones goes out of them; what this process itself may do stays.
func shed() error {
	header, held, err := capabilities()
	if err != nil {
		return err
	}
	before := held
	for _, c := range switching {
		held[0].Inheritable &^= 1 << c.bit
	}
	if held == before {
		return nil
	}
	return unix.Capset(&header, &held[0])
}

// capabilities returns those of the calling thread.
func capabilities() (header unix.CapUserHeader, held [2]unix.CapUserData, err error) {
	header.Version = unix.LINUX_CAPABILITY_VERSION_3
	err = unix.Capget(&header, &held[0])
	return header, held, err
}
