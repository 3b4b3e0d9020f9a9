package api

import (
	"time"

	"tocsin/fsm"
	"tocsin/keyring"
	"tocsin/notify"
)

// StartingTime is how long a member may take after its start to find a leader, and
// to be told by it what the cluster holds. What takes longer may never pass.
const StartingTime = 15 * time.Second

// Self says who this node is.
type Self struct {
	Node    string
	Site    string
	HTTP    string // addresses as other nodes reach them, host:port
	Raft    string
	Gossip  string
	Version string
	Started time.Time
}

// AccountWait is how long a node waits for another one to tell what it alone
// knows: so much later may its own answer come.
const AccountWait = 2 * time.Second

// Configuration is the answer of GET /v1/config.
type Configuration struct {
	Settings []Configured `json:"settings"`
}

// Configured is one thing that the process works with.
type Configured struct {
	// Setting is how the file names it, From is who has told it: default,
	// FILE:LINE, a variable of the environment, or flag.
	Setting string `json:"setting"`
	Value   string `json:"value"`
	From    string `json:"from"`
}

// Reloaded is the answer of POST /v1/reload.
type Reloaded struct {
	File string `json:"file"`
	// Applied has taken effect, Waiting has not: When says when it does.
	Applied []Reconfigured `json:"applied"`
	Waiting []Reconfigured `json:"waiting"`
}

// Reconfigured is one thing that the file says in another way than before.
type Reconfigured struct {
	Setting string `json:"setting"`
	From    string `json:"from"`
	To      string `json:"to"`
	When    string `json:"when,omitempty"`
}

// NodeReport is the answer of GET /v1/node: what one node alone knows of itself.
type NodeReport struct {
	Node     string `json:"node"`
	Site     string `json:"site,omitempty"`
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// Time is what the clock of the machine says; nothing is decided by it
	// but when, on the leader, pauses and maintenance windows begin and end.
	Time    time.Time    `json:"time"`
	Running fsm.Duration `json:"running"`
	// RoomBytes is what can still be written where the data are, absent if that
	// can't be told.
	RoomBytes  *uint64 `json:"room_bytes,omitempty"`
	LittleRoom bool    `json:"little_room"`
	// Canaries is how many addresses this node doubts itself by.
	Canaries       int  `json:"canaries"`
	CanariesSilent bool `json:"canaries_silent"`
	// Scripts are those that the settings and the endpoints name, in the order of
	// their names.
	Scripts []ScriptReport `json:"scripts"`
	// GossipKeys are the fingerprints of its gossip keys, the one that it sends by
	// first; none if its gossip is not encrypted.
	GossipKeys []keyring.Fingerprint `json:"gossip_keys"`
	// GossipKeyFile is what the file of these keys says, absent where that is the
	// same.
	GossipKeyFile *keyring.Stray `json:"gossip_key_file,omitempty"`
	// Ready and Problems are what it answers at /readyz.
	Ready    bool     `json:"ready"`
	Problems []string `json:"problems"`
	// Concerns are those of the problems and warnings there that it alone can tell
	// of, in parts.
	Concerns []Concern `json:"concerns,omitempty"`
}

// Concern is something of a node that somebody should look after.
type Concern struct {
	// Subject is a word for what it is about.
	Subject ConcernSubject `json:"subject"`
	// Grave: it keeps the node from its duty, and so is among its problems. What is
	// not grave is among its warnings.
	Grave  bool   `json:"grave"`
	Text   string `json:"text"`
	Remedy string `json:"remedy"`
}

// String says all of it in one line, as /readyz does.
func (c Concern) String() string { return c.Text + ": " + c.Remedy }

// ConcernSubject is a word for what a concern is about.
type ConcernSubject string

// The subjects.
const (
	ConcernCertificates ConcernSubject = "certificates" // those that it shows and believes, and those on its disk
	ConcernAudit        ConcernSubject = "audit"        // the file of --audit-log
)

// ScriptReport is one script, as one node finds it.
type ScriptReport struct {
	Name string `json:"name"`
	// Endpoints is how many name it, or have it by the settings of the cluster.
	Endpoints int `json:"endpoints"`
	// Problem says why it can't be run there, and what to do.
	Problem string `json:"problem,omitempty"`
}

// Readiness is the answer of GET /readyz.
type Readiness struct {
	Ready  bool   `json:"ready"`
	Node   string `json:"node"`
	Leader string `json:"leader"` // "" while there is none
	// Index is the last entry this node has applied, CommitIndex the last one
	// it knows to be committed.
	Index       uint64 `json:"index"`
	CommitIndex uint64 `json:"commit_index"`
	// Problems says in sentences why the node is not ready.
	Problems []string `json:"problems"`
	// Warnings says what will become a problem if nobody looks after it. A node
	// with nothing but warnings is ready.
	Warnings []string `json:"warnings,omitempty"`
	// Concerns are for the NodeReport: here they are among the two above.
	Concerns []Concern `json:"-"`
	// Notifications is how far this node has come with them, and what it
	// missed; absent before it takes part.
	Notifications *notify.Status `json:"notifications,omitempty"`
}
