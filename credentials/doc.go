// Package credentials puts certificates to work: it makes the TLS of everything
// that a node or a command listens on or calls, out of files that may change
// while it runs.
//
// [Live] holds what the files say. It looks at them again when somebody connects,
// once a second at most, and takes what is new as soon as it fits together; what
// does not is told, and the old goes on. So a certificate is renewed by replacing
// its file, without a restart and without a moment in which nobody is let in.
//
// Who is let in where:
//
//   - [Live.AmongNodes]: only nodes of our CA, in both directions. Who calls a
//     node says which one it means, and hangs up on any other.
//   - [Live.ForAll]: nodes and clients of our CA, and, if they may, those who
//     show nothing; these have to prove who they are in another way.
//   - [Client]: what a command calls with, which may have no certificate of its own.
//
// TLS 1.3 is spoken, and nothing older. No session is resumed, so every
// connection shows a certificate that is valid then; one that stands is not cut
// when a certificate ends.
//
// A [Listener] hands on only those who have come through the handshake. How long
// it may take is bounded here, how many may be at it by the port that it stands on
// (package connlimit), where whoever has shown a certificate gets a place that is
// kept for such: a stranger keeps nobody out, and where a certificate is required
// none of our protocols sees a byte of his.
package credentials
