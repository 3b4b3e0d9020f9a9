// Package servicetest starts real services on loopback for tests: those that
// Debian's packages bring, each with a free port and a folder of its own, and
// breaks them. Where a package is missing the test is skipped, and says which.
//
// A service belongs to the test that starts it, and has ended when the test has:
// it and all it started are one process group, which gets a KILL. On Linux the
// kernel ends the first of them even if the test panics.
package servicetest
