// Package connlimit bounds how many connections a port holds at once: whoever opens
// more than its share keeps nobody else out, and a port never takes more memory and
// files than it was given.
//
// A port has three rooms, and a connection is in one of them at a time:
//
//	            ┌─▶ Strangers   has proven nothing; counted by where it comes from
//	Coming ─────┤
//	handshake   └─▶ Proven      has shown a certificate; counted by whose
//
// So strangers, however many, take no place of those who can prove who they are.
// Within a room the places are shared out (see room): who comes from where few are
// gets in, and the one that has been there longest of where most are goes. Who is
// one too many is hung up on at once: a queue would only be another thing to fill.
//
// [Port] decides, and knows no sockets; [Listener] puts it before a listener. [Tally]
// is the plain count for what can't be taken back, [Source] says what counts as one
// place to come from.
package connlimit
