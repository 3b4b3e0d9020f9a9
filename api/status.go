package api

import (
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/quorum"
)

// SeenSample is the result of one check on one node.
type SeenSample struct {
	Status health.Status `json:"status"`
	// Reason is the first line that the check printed, or why it says nothing.
	Reason string `json:"reason,omitempty"`
	// Time is when the check started, Ago how long that is ago, both by the
	// clock of its node. Late is how long after it was due it started.
	Time     time.Time    `json:"time"`
	Ago      fsm.Duration `json:"ago"`
	Duration fsm.Duration `json:"duration"`
	Late     fsm.Duration `json:"late,omitzero"`
	// Revision is the endpoint's at the start: those of an earlier one are about
	// another value, or another check.
	Revision uint64 `json:"revision"`
}

// Why is the answer of GET /v1/why/{key}: all that somebody needs who wonders
// why an endpoint is in its state, or is not in another.
type Why struct {
	Node   string    `json:"node"`   // who answers
	Leader string    `json:"leader"` // "" while there is none
	Index  uint64    `json:"index"`
	Time   time.Time `json:"time"`
	// Endpoint is what the cluster holds of it, with each node's vote as the
	// answering node counts it.
	Endpoint EndpointStatus `json:"endpoint"`
	// Said and Needs are the arithmetic in words: how many say what, and what
	// is missing for another state.
	Said  string `json:"said"`
	Needs string `json:"needs"`
	// HeldBackBy is what holds a change back, or would, whatever the votes say.
	HeldBackBy []Obstacle `json:"held_back_by"`
	// Decided is the event that the present state comes from, absent before the
	// first decision, and when it is no longer kept.
	Decided *Event `json:"decided,omitempty"`
	// Nodes is what each node saw and says, in the order of their names.
	Nodes []NodeAccount `json:"nodes"`
	// Notifications is how far those of that event have come on each node.
	Notifications []Notification `json:"notifications"`
}

// NodeAccount is what one observer saw, and what became of its vote.
type NodeAccount struct {
	Node string `json:"node"`
	Site string `json:"site,omitempty"`
	// Vote is the one that is counted, as the answering node holds it.
	Vote fsm.Vote `json:"vote"`
	// Samples are the last checks of the node, oldest first; absent when it was
	// not heard, and then Silent says why.
	Samples []SeenSample `json:"samples"`
	Silent  string       `json:"silent,omitempty"`
}

// Status is the answer of GET /v1/status and /v1/status/{key}.
type Status struct {
	Cluster   Cluster          `json:"cluster"`
	Endpoints []EndpointStatus `json:"endpoints"`
	// Next is the cursor of the next page, empty on the last one.
	Next string `json:"next,omitempty"`
}

// Cluster is what one node knows of the whole.
type Cluster struct {
	ID     string `json:"id"`
	Node   string `json:"node"`   // who answers
	Leader string `json:"leader"` // "" while there is none
	// Index is the raft index up to which the answering node knows everything.
	Index     uint64     `json:"index"`
	Time      time.Time  `json:"time"`
	Observers []Observer `json:"observers"`
	// Quorum and Sites are how many votes, from how many sites, a change
	// needs, unless an endpoint has its own settings.
	Quorum    int `json:"quorum"`
	Sites     int `json:"sites"`
	Endpoints int `json:"endpoints"` // how many there are
	// Protocol is the highest of the replicated log that all observers read,
	// ProtocolInUse the highest that was used: no older build can come in.
	Protocol      fsm.Protocol `json:"protocol"`
	ProtocolInUse fsm.Protocol `json:"protocol_in_use"`
	// Events is how many events are kept; LastEvent is the id of the newest.
	Events    int    `json:"events"`
	LastEvent uint64 `json:"last_event,omitempty"`
	// GivenUp is how many notifications were given up that nobody has seen to and
	// behind which there is no newer event: so many machines act on what is no
	// longer so.
	GivenUp int `json:"given_up,omitempty"`
	// Warnings says what endangers the cluster though nothing is wrong yet, and
	// who belongs to it only in part. What lasts less than a minute is left out.
	Warnings []Warning `json:"warnings,omitempty"`
	// HeldBackBy is every pause that lasts and every maintenance window that is
	// open, whichever endpoints it covers.
	HeldBackBy []Obstacle `json:"held_back_by,omitempty"`
}

// Observer is one node whose verdicts count, and when it was last heard.
type Observer struct {
	Node    string `json:"node"`
	Site    string `json:"site,omitempty"`
	HTTP    string `json:"http,omitempty"`
	Raft    string `json:"raft,omitempty"`
	Gossip  string `json:"gossip,omitempty"`
	Version string `json:"version,omitempty"`
	// Protocol is the highest of the replicated log that it reads.
	Protocol fsm.Protocol `json:"protocol"`
	// Fresh says that its ballots count at this moment.
	Fresh bool `json:"fresh"`
	// HeardAgo is the age of its newest ballot, nil when none is held.
	HeardAgo *fsm.Duration `json:"heard_ago,omitempty"`
	// Voter says whether it votes in raft, as far as the answering node knows:
	// false for one that is on its way in, or beyond --max-voters; nil when the
	// raft configuration can't be read.
	Voter *bool `json:"voter,omitempty"`
	// Abstains says why it doubts itself, so that it votes for nothing; empty
	// when it does not, and when it is not heard.
	Abstains string `json:"abstains,omitempty"`
}

// EndpointStatus is what the cluster holds about one endpoint, and why.
type EndpointStatus struct {
	Key        string        `json:"key"`
	Value      string        `json:"value"`
	State      health.Status `json:"state"`
	Since      time.Time     `json:"since,omitzero"`
	Generation uint64        `json:"generation"`
	Revision   uint64        `json:"revision"`
	LastEvent  uint64        `json:"last_event,omitempty"`
	Tally      Tally         `json:"tally"`
	// Quorum and Sites are what a change of this endpoint needs.
	Quorum int        `json:"quorum"`
	Sites  int        `json:"sites"`
	Votes  []fsm.Vote `json:"votes"`
	// Missing says what a change lacks, empty when the votes say what the
	// state says.
	Missing string `json:"missing,omitempty"`
	// Blind says why nobody can judge the endpoint, when fewer than it takes have
	// had a verdict on it for a minute or more: its state stays, whatever happens.
	Blind string `json:"blind,omitempty"`
	// Agreed is the state that a quorum agrees on and that is not committed yet.
	// HeldBackBy is what holds it back; without one, what would hold back
	// whatever is agreed on.
	Agreed     *health.Status    `json:"agreed,omitempty"`
	HeldBackBy []Obstacle        `json:"held_back_by,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	Parents    []string          `json:"parents,omitempty"`
}

// What Excluded says of the votes of a node of which nothing is heard: never,
// or no more. There are other reasons not to count a vote, for people to read.
const (
	ExcludedNoBallot = quorum.ExcludedNoBallot
	ExcludedStale    = quorum.ExcludedStale
)

// Tally counts votes; those that don't count are unknown.
type Tally struct {
	Up      int `json:"up"`
	Down    int `json:"down"`
	Unknown int `json:"unknown"`
}
