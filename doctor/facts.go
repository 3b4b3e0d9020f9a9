package doctor

import (
	"time"

	"tocsin/api"
)

// Facts are all that an examination is made from.
type Facts struct {
	// Status is the cluster as the node sees it that was asked first.
	Status api.Status
	// Untold says why nobody told of the cluster: the nodes that answer do not know
	// its state, or nobody answers. Then Status is empty, and Answers are of the
	// addresses that were given.
	Untold string
	// Answers are what became of the questions to each observer, in the order
	// of their names.
	Answers []Answer
	// Local is what was found on this machine, nil if nothing of Tocsin is here.
	Local *Local
}

// Answer is what one node said.
type Answer struct {
	// Node is "" where nobody answers at an address of which only that is known.
	Node, Address string
	// Silent says why it said nothing, "" if it did; then the rest is empty.
	Silent  string
	Silence Silence
	// Refused is why it was not believed, nil if that is not why it said nothing.
	Refused *api.Concern
	Report  api.NodeReport
	// Skew is how far its clock is ahead of ours, and may be off by Within, half
	// of what the answer took.
	Skew, Within time.Duration
	// Members is who belongs to the cluster, and is heard, as it sees it; nil if
	// it did not say.
	Members *api.Members
}

// Silence is how a node came to say nothing, as far as that can be told from here.
type Silence uint8

// The kinds of silence.
const (
	// Unreached: no connection was made, for whatever reason.
	Unreached Silence = iota
	// NotRunning: its machine is there, and nothing listens at the address.
	NotRunning
	// Hanging: the connection was made, and nothing came back in time.
	Hanging
	// Declined: something answered there, and not with what was asked for.
	Declined
)

// Local is what was found on this machine.
type Local struct {
	// Config is the file that was named, "" if none was.
	Config string
	// Faults are in the words of "tocsin validate": what would keep an agent with
	// that file from starting here.
	Faults []string
	// Denied is what this account may not look at, in the same words: it is no fault
	// of a node that runs as another one.
	Denied []string
	// Paths are the ways from here to the other nodes.
	Paths []Path
	// Files are those that matter to a node, as far as they can be seen.
	Files []File
	// ScriptUser is whom scripts run as, "" if that is whom the node runs as.
	ScriptUser string
	// Certificates are those of the node, nil if it has none, or if where they
	// lie is not known.
	Certificates *Certificates
}

// Path is a way from here to an address of a node.
type Path struct {
	Node, Address string
	What          string // raft or gossip
	// Problem says why no connection could be made by TCP, "" if one was.
	Problem string
	// MTU is the largest packet that the route takes, 0 if that can't be told.
	MTU int
}

// File is a file or directory that matters to a node.
type File struct {
	Path string
	Kind FileKind
	// Perm are the permission bits.
	Perm uint32
	// ForScripts is what the user that scripts run as may do to it, if there is one.
	ForScripts Reach
}

// Reach is what the user that scripts run as may do to a file.
type Reach struct {
	// Reads: it may read a secret, or look into a directory.
	Reads bool
	// Barred says why it can't run a script, "" if it can.
	Barred string
}

// FileKind says what a file is to a node.
type FileKind uint8

// The kinds of file.
const (
	DataDirectory FileKind = iota
	ScriptsDirectory
	Script
	ConfigurationFile
	// Secret is a key or a token.
	Secret
)
