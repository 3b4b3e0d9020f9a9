// Package api is Tocsin over HTTP: the paths of the original, the regular ones
// under /v1, the health of the node, and the calls that nodes make to each
// other.
//
// It decides nothing and stores nothing. Reads are answered from the View that
// this node holds, so they never wait for anybody; writes are handed to a
// [Writer], which finds the leader. Whatever is refused is refused whole, with
// a sentence that says what to do: errors.go is the one place that turns an
// error into an answer, and an answer back into an error.
//
// # What always holds
//
//   - A success is never said before the change is committed and this node has
//     applied it: a reader who asks the same node next sees it.
//   - No answer takes a lock or copies the state: long answers are written
//     while walking the View, which never changes under their feet.
//   - What comes from outside is bounded before it is read: bodies, pages of
//     events, the answers of other nodes.
//   - A page that somebody's browser shows can't write here, nor speak as a
//     node: origin.go says how that is known.
//   - A query parameter that nobody knows is an error, not a silence: a typing
//     error in a write must not look like a success.
//
// The handler that [New] returns and a [PeerClient] may be used by any number
// of goroutines.
package api
