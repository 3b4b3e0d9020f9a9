package raftstore

import (
	"errors"
	"strings"
	"syscall"
)

// IsFull reports whether err says that there is no room: on the disk, or within
// the quota. That passes, when somebody makes room; nothing was written.
func IsFull(err error) bool {
	if err == nil {
		return false
	}
	// bbolt keeps only the words of some errors.
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) ||
		strings.Contains(err.Error(), syscall.ENOSPC.Error()) || strings.Contains(err.Error(), syscall.EDQUOT.Error())
}
