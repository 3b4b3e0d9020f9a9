package api

import (
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/notify"
	"tocsin/quorum"
)

// What travels as JSON. Both ends, the handlers and the commands, use these
// same structs; fields are added and never change their meaning.

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

// Warning is something about the members that somebody should look after.
type Warning struct {
	// Code is a word for programs; it never changes its meaning.
	Code WarningCode `json:"code"`
	// Node is whom it is about, "" if it is about all.
	Node string `json:"node,omitempty"`
	// Text says what the danger is and what to do.
	Text string `json:"text"`
}

// WarningCode is a word for a kind of warning.
type WarningCode string

// The kinds of warning.
const (
	WarnFewVoters     WarningCode = "few-voters"     // fewer than three
	WarnEvenVoters    WarningCode = "even-voters"    // four or more
	WarnSiteMajority  WarningCode = "site-majority"  // of two sites or more, one has half of the voters
	WarnSilent        WarningCode = "silent"         // an observer that the gossip does not see alive
	WarnNotAMember    WarningCode = "not-a-member"   // in the gossip, and no observer
	WarnNotInRaft     WarningCode = "not-in-raft"    // an observer, and not in the raft configuration
	WarnStuckRemoval  WarningCode = "stuck-removal"  // in the raft configuration, and no observer
	WarnForeignGossip WarningCode = "foreign-gossip" // another cluster's gossip meets ours

	WarnUnreadableWindow WarningCode = "unreadable-window" // a maintenance window that holds nothing, for this build can't read it
)

// WarningCodes returns all kinds of warning.
func WarningCodes() []WarningCode {
	return []WarningCode{
		WarnFewVoters, WarnEvenVoters, WarnSiteMajority, WarnSilent, WarnNotAMember, WarnNotInRaft, WarnStuckRemoval, WarnForeignGossip, WarnUnreadableWindow,
	}
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

// EndpointRequest is the body of PUT and PATCH /v1/endpoints/{key}. Settings,
// labels and parents that are left out stay as they are. Those that are given take
// the place of all that were there with PUT; with PATCH settings and labels are
// put over them.
type EndpointRequest struct {
	Value    *string            `json:"value" nullable:"false" maxLength:"65536"`
	Settings *fsm.Overrides     `json:"settings,omitempty"`
	Labels   *map[string]string `json:"labels,omitempty"`
	Parents  *[]string          `json:"parents,omitempty" maxItems:"16"`
}

// Endpoint is the answer of GET /v1/endpoints/{key}.
type Endpoint struct {
	Key   string        `json:"key"`
	Value string        `json:"value"`
	State health.Status `json:"state"`
	Since time.Time     `json:"since,omitzero"`
	// Settings are the endpoint's own, Effective those that hold for it.
	Settings   fsm.Overrides     `json:"settings"`
	Effective  fsm.Settings      `json:"effective"`
	Labels     map[string]string `json:"labels,omitempty"`
	Parents    []string          `json:"parents,omitempty"`
	Generation uint64            `json:"generation"`
	Revision   uint64            `json:"revision"`
	// Configured is the version that the ETag names: the index of the last
	// change of value, settings, labels and parents. Modified counts changes of state too.
	Configured uint64 `json:"configured"`
	Modified   uint64 `json:"modified"`
	LastEvent  uint64 `json:"last_event,omitempty"`
}

// Endpoints is the answer of GET /v1/endpoints.
type Endpoints struct {
	Endpoints []Endpoint `json:"endpoints"`
	// Next is the cursor of the next page, empty on the last one.
	Next string `json:"next,omitempty"`
}

// Written is the answer to a write: the raft index at which it was done, and
// false in Changed when everything was already as asked.
type Written struct {
	Key     string `json:"key"`
	Index   uint64 `json:"index"`
	Changed bool   `json:"changed"`
	// Added says that it was not there before.
	Added bool `json:"added,omitempty"`
}

// ApplyRequest is the body of POST /v1/endpoints:apply: the endpoints as they
// are to be, and which others are to be deleted.
type ApplyRequest struct {
	Endpoints []fsm.Declared `json:"endpoints" maxItems:"10000"`
	Prune     *fsm.Scope     `json:"prune,omitempty"`
	DryRun    bool           `json:"dry_run,omitempty"`
}

// Applied is the answer to an ApplyRequest: the raft index at which it was
// done, or as of which it would do this.
type Applied struct {
	Index      uint64         `json:"index"`
	DryRun     bool           `json:"dry_run"`
	Difference fsm.Difference `json:"difference"`
}

// SettingsWritten is the answer to PUT /v1/settings.
type SettingsWritten struct {
	Index   uint64 `json:"index"`
	Changed bool   `json:"changed"`
}

// Members is the answer of GET /v1/members, in the order of the names.
type Members struct {
	Members []Member `json:"members"`
	// Disagreement says in words where state, raft and gossip differ about who
	// belongs to the cluster, empty while they don't.
	Disagreement string `json:"disagreement,omitempty"`
	// Warnings are as in Cluster.
	Warnings []Warning `json:"warnings,omitempty"`
}

// Member is one node as the replicated state, raft and the gossip know it.
type Member struct {
	Node    string `json:"node"`
	Site    string `json:"site,omitempty"`
	HTTP    string `json:"http,omitempty"`
	Raft    string `json:"raft,omitempty"`
	Gossip  string `json:"gossip,omitempty"`
	Version string `json:"version,omitempty"`
	// Protocol is the highest of the replicated log that it reads, as far as it
	// is an observer.
	Protocol fsm.Protocol `json:"protocol,omitempty"`
	Leader   bool         `json:"leader"`
	// Preferred says that it is to vote in raft before others.
	Preferred bool `json:"preferred,omitempty"`
	// Observer says that its verdicts count.
	Observer bool `json:"observer"`
	// InRaft and InGossip are what raft and the gossip of the answering node
	// hold it for.
	InRaft   Part `json:"in_raft" enum:"voter,non-voter,absent"`
	InGossip Part `json:"in_gossip" enum:"alive,dead,absent"`
	// Fresh, HeardAgo and Abstains are as in Observer.
	Fresh    bool          `json:"fresh"`
	HeardAgo *fsm.Duration `json:"heard_ago,omitempty"`
	Abstains string        `json:"abstains,omitempty"`
}

// Part is what a node is to raft, or to the gossip.
type Part string

// The parts that a node can have.
const (
	Voter    Part = "voter"
	NonVoter Part = "non-voter"
	Alive    Part = "alive"
	Dead     Part = "dead"
	Absent   Part = "absent"
)

// Events is the answer of GET /v1/events, newest last.
type Events struct {
	Events []Event `json:"events"`
	// More says that the limit cut the answer short: ask again with after set
	// to the id of the last event here (or, without after, raise the limit).
	More bool `json:"more"`
	// FirstKept is the id of the oldest event that is still kept: whoever asks
	// for what came after an older id may have missed some.
	FirstKept uint64 `json:"first_kept"`
	// Last is the id of the newest event of all.
	Last uint64 `json:"last"`
}

// Event is a committed change of state with its evidence, and what became of
// its notifications, by node.
type Event struct {
	fsm.Event
	Tally    Tally                  `json:"tally"`
	Outcomes map[string]fsm.Outcome `json:"outcomes"`
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
	// Notifications is how far this node has come with them, and what it
	// missed; absent before it takes part.
	Notifications *notify.Status `json:"notifications,omitempty"`
}

// Introduction is what two nodes say of themselves to each other, in POST
// /v1/peer/introduce and its answer, when one wonders whether there is a
// cluster already.
type Introduction struct {
	Node string `json:"node"`
	// ClusterID is "" as long as the node belongs to no cluster.
	ClusterID string `json:"cluster_id"`
	// Bootstrap says that the node was told to found a cluster, Founded that
	// it has begun to, or belongs to one.
	Bootstrap bool `json:"bootstrap"`
	Founded   bool `json:"founded"`
}

// Registration is what a started node says of itself to the leader.
type Registration struct {
	ClusterID   string `json:"cluster_id,omitempty"` // "" before it belongs to one
	Node        string `json:"node"`
	Site        string `json:"site,omitempty"`
	Incarnation string `json:"incarnation"`
	// Disk names the node's data directory, Start counts its processes.
	Disk    string `json:"disk,omitempty"`
	Start   uint64 `json:"start,omitempty"`
	Raft    string `json:"raft"`
	Gossip  string `json:"gossip"`
	HTTP    string `json:"http"`
	Version string `json:"version,omitempty"`
	// Protocol is the highest of the replicated log that it reads; 0 means 1.
	Protocol fsm.Protocol `json:"protocol,omitempty"`
	// BallotKey is the public key that its ballots are signed by, as base64.
	BallotKey string `json:"ballot_key,omitempty"`
	// Fresh says that its disk does not belong to a member yet.
	Fresh bool `json:"fresh,omitempty"`
}

// Welcome is the leader's answer to a Registration.
type Welcome struct {
	ClusterID string `json:"cluster_id"`
	// Epoch is the raft index at which the process was registered.
	Epoch uint64 `json:"epoch"`
	// Gossip holds the gossip addresses of the observers.
	Gossip []string `json:"gossip"`
}

// IndexRequest is the body of POST /v1/peer/index, IndexAnswer its answer: up
// to where the leader has applied the log, and, if asked, surely still leads.
type IndexRequest struct {
	Verified bool `json:"verified"`
}

// IndexAnswer is the leader's answer to an IndexRequest.
type IndexAnswer struct {
	Index uint64 `json:"index"`
}

// Results answers POST /v1/peer/propose: one result for each command.
type Results struct {
	Results []fsm.Result `json:"results"`
}

// The answers of the original's paths, with its names.

// DetectorSample is one check of this node, in /detectordata.
type DetectorSample struct {
	Status health.Status `json:"Status"`
	Time   time.Time     `json:"Time"`
}

// GossipStatus is what this node holds about one endpoint, in /gossipstatus.
type GossipStatus struct {
	PrevConsensus health.Status `json:"PrevConsensus"`
	// PrevEventTime is the zero time before the first decision.
	PrevEventTime time.Time            `json:"PrevEventTime"`
	Consensus     map[string]NodeState `json:"Consensus"`
}

// NodeState is the verdict of one observer and when it was made, by the clock
// of the node that answers.
type NodeState struct {
	GossipStatus health.Status `json:"GossipStatus"`
	TimeStamp    time.Time     `json:"TimeStamp"`
}
