package fsm

import (
	"fmt"
	"maps"
	"time"

	"tocsin/access"
	"tocsin/health"
)

// Command is one change that can be asked of the state. One raft entry carries
// one or more of them, applied in order and seen together. Commands are passed
// by value: a pointer to one is refused.
//
// A new kind of command, and a new field of an old one, has a Protocol: see the
// table in protocol.go.
type Command interface{ command() }

// Found makes the cluster: its id, its first settings and its first tokens. A
// second one is refused.
type Found struct {
	ClusterID string          `json:"cluster_id"`
	Settings  ClusterSettings `json:"settings"`
	Tokens    []access.Record `json:"tokens,omitempty"`
}

// ChangeSettings replaces the settings of the cluster, if they are as If asks.
type ChangeSettings struct {
	Settings ClusterSettings `json:"settings"`
	If       *Condition      `json:"if,omitempty"`
}

// SetEndpoint adds an endpoint or changes one. Overrides, Labels and Parents take
// the place of all that the endpoint has of them; what is nil stays as it is, and
// an empty set of labels or parents takes them all away.
type SetEndpoint struct {
	Key       string             `json:"key"`
	Value     string             `json:"value"`
	Overrides *Overrides         `json:"settings,omitempty"`
	Labels    *map[string]string `json:"labels,omitempty"`
	// Parents, if they are given, take the place of all that it has, with Merge
	// too.
	Parents *[]string `json:"parents,omitempty"`
	// Merge keeps the settings and labels that the endpoint has and the
	// command does not name.
	Merge bool `json:"merge,omitempty"`
	// If must be fulfilled for anything to be done.
	If *Condition `json:"if,omitempty"`
}

// on returns the settings and labels that an endpoint has after c, if it had
// these before.
func (c SetEndpoint) on(overrides Overrides, labels map[string]string) (Overrides, map[string]string) {
	if c.Overrides != nil {
		if c.Merge {
			overrides = c.Overrides.onto(overrides)
		} else {
			overrides = *c.Overrides
		}
	}
	if c.Labels != nil {
		kept := make(map[string]string, len(labels)+len(*c.Labels))
		if c.Merge {
			maps.Copy(kept, labels)
		}
		maps.Copy(kept, *c.Labels)
		labels = kept
	}
	if len(labels) == 0 {
		labels = nil // rather than empty: what a snapshot brings back
	}
	return overrides, labels
}

// parentsOn returns the parents that an endpoint has after c, if it had these
// before.
func (c SetEndpoint) parentsOn(parents []string) []string {
	if c.Parents == nil {
		return parents
	}
	if len(*c.Parents) == 0 {
		return nil // rather than empty: what a snapshot brings back
	}
	return *c.Parents
}

// DeleteEndpoint removes an endpoint with everything that was known of it. Its
// events stay in the history.
type DeleteEndpoint struct {
	Key string     `json:"key"`
	If  *Condition `json:"if,omitempty"`
}

// RegisterObserver says that a process of a node has started. The index of the
// first registration with a new incarnation is the epoch of that process.
type RegisterObserver struct {
	Node        string `json:"node"`
	Site        string `json:"site,omitempty"`
	Incarnation string `json:"incarnation"`
	Disk        string `json:"disk,omitempty"`
	Start       uint64 `json:"start,omitempty"`
	Raft        string `json:"raft"`
	Gossip      string `json:"gossip"`
	HTTP        string `json:"http"`
	Version     string `json:"version,omitempty"`
	// Protocol is the highest that the process reads; 0 means 1.
	Protocol Protocol `json:"protocol,omitempty"`
	// BallotKey is the public key that the node's ballots are signed by, as
	// base64; "" if they are not.
	BallotKey string `json:"ballot_key,omitempty"`
	// AsOf is the raft index of the View in which the proposer found that Raft is
	// nobody else's: what has been registered there since goes first. 0 if it did
	// not look.
	AsOf uint64 `json:"as_of,omitempty"`
	// New says that whoever asks may bring in new nodes only: if Node is an observer
	// when it is applied, nothing about it is changed.
	New bool `json:"new,omitempty"`
}

// RemoveObserver takes a node out of the observers: from here on it no longer
// counts in N.
type RemoveObserver struct {
	Node string `json:"node"`
	// AsOf is the raft index of the View in which the proposer found that the
	// others can do without it: if observers have come, gone or changed since, it
	// is refused. 0 if it did not look.
	AsOf uint64 `json:"as_of,omitempty"`
}

// PreferVoter says that a node is to vote in raft before others that are not
// preferred, or, with Prefer false, that it is as any other again. Who votes then
// follows from that, and from who is heard.
type PreferVoter struct {
	Node   string `json:"node"`
	Prefer bool   `json:"prefer"`
}

// Transition changes the state of an endpoint, if everything that it was decided
// under is as it was, in the term in which the proposer leads, and neither a
// parent that is DOWN nor the brake is in its way. It makes an event.
type Transition struct {
	Key string `json:"key"`
	Basis
	To     health.Status `json:"to"`
	Term   uint64        `json:"term"`
	Time   time.Time     `json:"time"`
	Leader string        `json:"leader"`
	Quorum int           `json:"quorum"`
	Votes  []Vote        `json:"votes"`
}

// RecordOutcome reports how a notification ended. Of the reports of one node
// about one event the weightiest stays: one that ended as leader before any
// other, then the one with more attempts, then the first. So repeating a report
// does no harm, however late and in whatever order.
type RecordOutcome struct {
	Outcome Outcome `json:"outcome"`
}

func (Found) command()            {}
func (ChangeSettings) command()   {}
func (SetEndpoint) command()      {}
func (DeleteEndpoint) command()   {}
func (DeclareEndpoints) command() {}
func (RegisterObserver) command() {}
func (RemoveObserver) command()   {}
func (PreferVoter) command()      {}
func (Transition) command()       {}
func (RecordOutcome) command()    {}

// Result answers one command.
type Result struct {
	// Index is the raft index of the entry that carried the command.
	Index uint64 `json:"index"`
	// Changed is false when everything was already as the command asks.
	Changed bool `json:"changed"`
	// Added says that a SetEndpoint, PauseEndpoints or SetWindow has made what was
	// not there.
	Added bool `json:"added,omitempty"`
	// Version is the one that a SetEndpoint, SetWindow or ChangeSettings leaves
	// behind, to be named in a Condition; 0 after a refusal and for other commands.
	Version uint64 `json:"version,omitempty"`
	// Nodes are those whose notifications a RetryNotification or AckNotification
	// has changed.
	Nodes []string `json:"nodes,omitempty"`
	// Difference is what a DeclareEndpoints did.
	Difference *Difference `json:"difference,omitempty"`
	// Refused says why nothing was done, nil if something was.
	Refused *Refusal `json:"refused,omitempty"`
}

// Code is a word for a kind of refusal, for callers that branch on it.
type Code string

// The kinds of refusal.
const (
	NotFound Code = "not-found"           // there is no such endpoint or observer
	Invalid  Code = "invalid"             // the command makes no sense as it stands
	Conflict Code = "conflict"            // the state is not what the command expects, or has no room for more
	TooOld   Code = "too-old"             // the build does not read what the cluster uses already
	Unmet    Code = "precondition-failed" // the Condition of the command is not fulfilled
)

// Refusal is an error that says that a command was understood and not done,
// and that nothing was changed.
type Refusal struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// Error returns the message.
func (r *Refusal) Error() string { return r.Message }

func refuse(code Code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Message: fmt.Sprintf(format, args...)}
}

func unknownCommand(command Command) *Refusal {
	return refuse(Invalid, "there is no command %T: give one of package fsm's, by value", command)
}
