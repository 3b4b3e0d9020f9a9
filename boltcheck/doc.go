// Package boltcheck reads the structure of a bbolt file without bbolt, and says
// what is wrong with it.
//
// bbolt trusts its file. An empty one it opens as a new one, in one that was cut
// off it reads past the end and takes the process down, a damaged page makes it
// panic, sometimes in a goroutine where nobody can recover, and when the newest
// of its two first pages is damaged it goes back to the one before without a
// word. So a file that matters is checked first: both first pages are whole, all
// that the newest one counts is there, every page of the tree is what it says,
// lies where it may, holds its keys in order and is used once, and no page that
// is in use is listed as free.
//
// What the records say is not checked: whoever wrote them has to put a checksum
// on them, and to look at it.
//
// A file must not be written to while it is checked. What is checked is read
// only, a page at a time. Everything may be called from any goroutine.
package boltcheck
