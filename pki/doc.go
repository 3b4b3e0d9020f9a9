// Package pki makes and reads the certificates by which the parts of a cluster
// know each other: an [Authority] of one's own, and what it issues.
//
// A certificate is for a [Subject]: a node, by the name that it has in the
// cluster, or a client, by a name and with a [Role]. It says so in a URI
// (tocsin://node/paris1, tocsin://admin/anna), and it can be used for nothing
// else: that of a client serves nobody and passes for no node. Host
// names and addresses stand in a node's certificate only for those who know
// nothing but these, such as browsers; nodes ask each other for the name, which
// stays when addresses change.
//
// The rest is files. A certificate is anybody's to read, a key is its owner's
// alone (mode 0600), and both are replaced whole or not at all. [Renew] issues a
// certificate anew for the key that is there: one public file is replaced, so
// that there is no moment in which the two do not fit, and no secret has to
// travel.
//
// Nothing here reads a clock, keeps a state or knows the network; all of it may
// be used from any goroutine.
package pki
