// Package dossier makes the archive that somebody sends along with a bug report:
// what the nodes of a cluster tell, without secrets, and no larger than can be
// sent.
//
// [Gather] asks the nodes and hands each answer to a [Writer], which takes the
// secrets out (package redact), bounds it, and writes it into a tar.gz. What could
// not be had is no failure: the archive says so, in MISSING.txt.
//
// A Writer is for one goroutine.
package dossier
