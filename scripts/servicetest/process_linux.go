package servicetest

import "syscall"

// attributes start a process in a group of its own that the kernel ends when the
// test is gone, even if that was a panic; as owner, unless that is nil.
func attributes(owner *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: owner}
}
