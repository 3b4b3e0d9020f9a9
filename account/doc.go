// Package account knows the users of this machine as processes run as them: who one
// is (Lookup), and what it may do to a file (User.MayRun, User.MayRead).
//
// A User is looked up once and does not change after that, so that all that is asked
// of it later, and all that is started as it, is about the same one. What it may do is
// worked out from owners, modes and access lists: no process has to become that user
// to find out. What a mount or a security module forbids on top is not seen.
//
// All functions may be called from any goroutine.
package account
