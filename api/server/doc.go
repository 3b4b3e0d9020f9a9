// Package server serves Tocsin over HTTP: the regular paths under /v1, those of
// the original, the health of the node, and what nodes ask of each other. What
// is said there is in package api, and in api/peer.
//
// It decides nothing and stores nothing. Reads are answered from the View that
// this node holds, and wait for nobody unless they ask to (consistency.go);
// writes are handed to a [Writer], which finds the leader. Whatever is refused
// is refused whole, with a sentence that says what to do.
//
// # How it is built
//
// Everything is a route (router.go) on one gin engine. The operations under /v1
// are registered with huma (operation.go), which documents them and becomes
// routes by adapter.go; their handlers get what was asked as a struct, and
// return a struct or an error. Huma checks nothing and reads no body: what is
// wrong is told in our own words. What nodes ask of each other and the original's
// paths are plain routes outside of the document. The document is served, and
// kept in docs/openapi.json; the tests compare every answer with it.
//
// # What always holds
//
//   - A success is never said before the change is committed and this node has
//     applied it: a reader who asks the same node next sees it.
//   - No answer takes a lock or copies the state: it is made of a View, which
//     never changes. Lists come in bounded pages; those of the original, which
//     has none, are written while walking the View.
//   - What comes from outside is bounded before it is read: bodies, pages, the
//     answers of other nodes.
//   - What takes more than a moment is bounded in time and in number: gate.go
//     sends away whoever is one too many, gather.go gives each node its time.
//   - Every answer says up to which raft index it knows everything, and never
//     too high a one.
//   - A page that somebody's browser shows can't write here, nor speak as a
//     node: origin.go says how that is known.
//   - A query parameter or a field that nobody knows is an error, not a silence:
//     a typing error in a write must not look like a success.
//
// The handler that [New] returns may be used by any number of goroutines.
package server
