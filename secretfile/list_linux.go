package secretfile

import "golang.org/x/sys/unix"

// hasList reports whether more than the mode says who may read a file.
func hasList(path string) bool {
	_, err := unix.Getxattr(path, "system.posix_acl_access", nil)
	return err == nil
}
