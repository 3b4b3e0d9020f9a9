package main

import "syscall"

// endsWithUs has the kernel kill the child when the demo is gone.
func endsWithUs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
