// Package access says who may do what over HTTP: roles, the rule of every
// route, tokens, and what somebody has proven to be. It is pure: it reads no
// request, keeps nothing, and asks no clock. Package api asks it before a
// request reaches its handler, and node gives it what it decides by.
//
// # How it is built
//
// An [Identity] is one thing that was proven, by a token or by a certificate; a
// [Caller] is all that one request has proven. [Needs] is the one table of
// what each route asks for. A [Token] is the text that somebody holds; a
// [Record] is what the cluster knows of it, and no secret. [Verify] compares the
// two, [Admit] decides.
//
// # What always holds
//
//   - A route without a rule serves nobody: api does not start with one.
//   - No text of a token is kept, shown or logged: a Token shows its id alone.
//   - A token is 256 random bits. There is nothing to guess and nothing to look
//     up in a dictionary, so its record holds a plain SHA-256: a slow hash is
//     for what people think up, and would let strangers burn our processor.
package access
