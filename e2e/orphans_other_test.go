//go:build unix && !linux

package e2e

import "syscall"

func diesWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// running can't tell here.
func running(string) []string { return nil }
