package account

import "golang.org/x/sys/unix"

// maxList is the most that Linux lets a file have in one attribute, in bytes.
const maxList = 64 << 10

// ownList returns the access list that a file has beside its mode, nil if it has none
// or if that can't be told.
func ownList(path string) []entry {
	data := make([]byte, maxList)
	n, err := unix.Getxattr(path, "system.posix_acl_access", data)
	if err != nil {
		return nil
	}
	list, _ := parseList(data[:n])
	return list
}
