// Package connlimit bounds how many connections a port holds at once, in all and
// from one address: whoever opens more than its share keeps nobody else out, and
// a port never takes more memory and files than it was given.
//
// [Tally] counts who is inside, and knows no sockets; [Listen] puts it before a
// listener. Who is one too many is hung up on at once: a queue would only be
// another thing to fill.
package connlimit
