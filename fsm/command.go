package fsm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"tocsin/health"
)

// Command is one change that can be asked of the state. One raft entry carries
// one or more of them, applied in order and seen together.
type Command interface{ kind() string }

// Found makes the cluster: its id and its first settings. A second one is
// refused.
type Found struct {
	ClusterID string          `json:"cluster_id"`
	Settings  ClusterSettings `json:"settings"`
}

// ChangeSettings replaces the settings of the cluster.
type ChangeSettings struct {
	Settings ClusterSettings `json:"settings"`
}

// SetEndpoint adds an endpoint or changes one. What is nil stays as it is.
type SetEndpoint struct {
	Key       string             `json:"key"`
	Value     string             `json:"value"`
	Overrides *Overrides         `json:"settings,omitempty"`
	Labels    *map[string]string `json:"labels,omitempty"`
}

// DeleteEndpoint removes an endpoint with everything that was known of it. Its
// events stay in the history.
type DeleteEndpoint struct {
	Key string `json:"key"`
}

// RegisterObserver says that a process of a node has started. The index of the
// first registration with a new incarnation is the epoch of that process.
type RegisterObserver struct {
	Node        string `json:"node"`
	Site        string `json:"site,omitempty"`
	Incarnation string `json:"incarnation"`
	Raft        string `json:"raft"`
	Gossip      string `json:"gossip"`
	HTTP        string `json:"http"`
	Version     string `json:"version,omitempty"`
}

// RemoveObserver takes a node out of the observers: from here on it no longer
// counts in N.
type RemoveObserver struct {
	Node string `json:"node"`
}

// Transition changes the state of an endpoint, if the endpoint is still what
// the proposer decided about: same generation, revision, state and number of
// events, in the term in which the proposer leads. It makes an event.
type Transition struct {
	Key        string        `json:"key"`
	Generation uint64        `json:"generation"`
	Revision   uint64        `json:"revision"`
	From       health.Status `json:"from"`
	To         health.Status `json:"to"`
	Sequence   uint64        `json:"sequence"` // of the endpoint, before this event
	Term       uint64        `json:"term"`
	Time       time.Time     `json:"time"`
	Leader     string        `json:"leader"`
	Quorum     int           `json:"quorum"`
	Votes      []Vote        `json:"votes"`
}

// RecordOutcome reports how a notification ended. Repeating it does no harm.
type RecordOutcome struct {
	Outcome Outcome `json:"outcome"`
}

func (Found) kind() string            { return "found" }
func (ChangeSettings) kind() string   { return "settings" }
func (SetEndpoint) kind() string      { return "set" }
func (DeleteEndpoint) kind() string   { return "delete" }
func (RegisterObserver) kind() string { return "register" }
func (RemoveObserver) kind() string   { return "remove" }
func (Transition) kind() string       { return "transition" }
func (RecordOutcome) kind() string    { return "outcome" }

// commandVersion is the first byte of every entry. It grows when an older
// build could not apply a newer entry rightly.
const commandVersion = 1

// MaxCommands is the most commands that one entry carries.
const MaxCommands = 1024

type envelope struct {
	Kind string          `json:"kind"`
	Body json.RawMessage `json:"body"`
}

// Encode packs commands into the bytes of one raft entry.
func Encode(commands ...Command) ([]byte, error) {
	if len(commands) == 0 || len(commands) > MaxCommands {
		return nil, fmt.Errorf("encode %d commands: an entry carries 1 to %d", len(commands), MaxCommands)
	}
	envelopes := make([]envelope, len(commands))
	for i, c := range commands {
		body, err := json.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", c.kind(), err)
		}
		envelopes[i] = envelope{Kind: c.kind(), Body: body}
	}
	packed, err := json.Marshal(envelopes)
	if err != nil {
		return nil, fmt.Errorf("encode commands: %w", err)
	}
	return append([]byte{commandVersion}, packed...), nil
}

// Decode reads what Encode wrote. It is strict: a version, kind or field that
// this build does not know is an error, for it can't be applied rightly.
func Decode(entry []byte) ([]Command, error) {
	if len(entry) == 0 {
		return nil, errors.New("decode entry: it is empty")
	}
	if entry[0] != commandVersion {
		return nil, fmt.Errorf("decode entry: version %d, but this build reads only version %d", entry[0], commandVersion)
	}
	var envelopes []envelope
	if err := decodeStrict(entry[1:], &envelopes); err != nil {
		return nil, fmt.Errorf("decode entry: %w", err)
	}
	if len(envelopes) == 0 || len(envelopes) > MaxCommands {
		return nil, fmt.Errorf("decode entry: %d commands, but an entry carries 1 to %d", len(envelopes), MaxCommands)
	}
	commands := make([]Command, len(envelopes))
	for i, e := range envelopes {
		c, err := e.open()
		if err != nil {
			return nil, fmt.Errorf("decode command %d of kind %q: %w", i, e.Kind, err)
		}
		commands[i] = c
	}
	return commands, nil
}

func (e envelope) open() (Command, error) {
	switch e.Kind {
	case "found":
		return openAs[Found](e.Body)
	case "settings":
		return openAs[ChangeSettings](e.Body)
	case "set":
		return openAs[SetEndpoint](e.Body)
	case "delete":
		return openAs[DeleteEndpoint](e.Body)
	case "register":
		return openAs[RegisterObserver](e.Body)
	case "remove":
		return openAs[RemoveObserver](e.Body)
	case "transition":
		return openAs[Transition](e.Body)
	case "outcome":
		return openAs[RecordOutcome](e.Body)
	}
	return nil, errors.New("this build does not know it")
}

func openAs[C Command](body []byte) (Command, error) {
	var c C
	if err := decodeStrict(body, &c); err != nil {
		return nil, err
	}
	return c, nil
}

func decodeStrict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind the end")
	}
	return nil
}

// Result answers one command.
type Result struct {
	// Index is the raft index of the entry that carried the command.
	Index uint64 `json:"index"`
	// Changed is false when everything was already as the command asks.
	Changed bool `json:"changed"`
	// Refused says why nothing was done, nil if something was.
	Refused *Refusal `json:"refused,omitempty"`
}

// Code is a word for a kind of refusal, for callers that branch on it.
type Code string

// The kinds of refusal.
const (
	NotFound Code = "not-found" // there is no such endpoint or observer
	Invalid  Code = "invalid"   // the command makes no sense as it stands
	Conflict Code = "conflict"  // the state is no longer what the command expects
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
