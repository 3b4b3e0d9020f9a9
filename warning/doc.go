// Package warning says what will hurt a cluster before it does: what endangers it
// though nothing is wrong yet, where raft, the gossip and the observers differ on who
// belongs to it, and what it was told to heed and can't.
//
//	Of        what is so now: a pure function of a Picture
//	Blind     which endpoints too few nodes can judge, and have been unable to for a while
//	Watched   what has been so for long enough to be worth a word, and a line in the log
//
// Who belongs, votes and leads is decided elsewhere (package membership), and no
// warning changes any of it.
package warning
