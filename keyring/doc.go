// Package keyring holds the keys that the gossip is encrypted by: what a key and
// a ring of them are, the file that a ring is kept in, and how a cluster comes
// from one key to the next without a moment in which two nodes don't understand
// each other.
//
// A [Ring] has one primary key, that all is sent by, and others, that what
// arrives is opened by as well. So a cluster changes its key in three steps, each
// of which is over on all nodes before the next begins: the new key is installed,
// it is used, the old one is removed. [Standing] is what all nodes say of their
// rings, and which step is safe follows from it alone.
//
// # The file
//
// A key is 32 random bytes (AES-256) as base64, one a line, and the first is the
// primary. What follows a # is a comment, empty lines are nothing:
//
//	# gossip keys of tocsin: the first one is sent by, all are opened by
//	7xvJ4hH0n1p7cVq4oJ8vM5w3VvSPyTg1mIhW3QK0q2E=
//
// # What always holds
//
//   - No text of a key is shown or logged: a Key prints as its fingerprint, the
//     beginning of its SHA-256. 256 random bits can't be guessed from it. Errors
//     do not quote what a file holds.
//   - A Ring is a value: whoever changes one has another. A File is replaced whole
//     or not at all.
//   - A file that everybody on the machine can read is refused.
package keyring
