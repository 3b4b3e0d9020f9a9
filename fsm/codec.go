package fsm

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// An entry is a byte that says which Protocol it takes, and a JSON array of
// objects with one field each: the kind of the command, and in it the command.
//
//	\x01[{"set":{"key":"db","value":"10.0.0.1"}},{"delete":{"key":"old"}}]

// The limits of one entry: replicating a larger one would hold up everything
// behind it, the leader's heartbeats too.
const (
	MaxCommands   = 1024
	MaxEntryBytes = 16 << 20
)

// packed holds exactly one command.
type packed struct {
	Found      *Found            `json:"found,omitempty"`
	Settings   *ChangeSettings   `json:"settings,omitempty"`
	Set        *SetEndpoint      `json:"set,omitempty"`
	Delete     *DeleteEndpoint   `json:"delete,omitempty"`
	Declare    *DeclareEndpoints `json:"declare,omitempty"`
	Register   *RegisterObserver `json:"register,omitempty"`
	Remove     *RemoveObserver   `json:"remove,omitempty"`
	Prefer     *PreferVoter      `json:"prefer,omitempty"`
	Transition *Transition       `json:"transition,omitempty"`
	Outcome    *RecordOutcome    `json:"outcome,omitempty"`
	Token      *CreateToken      `json:"token,omitempty"`
	Revoke     *RevokeToken      `json:"revoke,omitempty"`

	Restore *RestoreConfiguration `json:"restore,omitempty"`

	Retry    *RetryNotification `json:"retry,omitempty"`
	Ack      *AckNotification   `json:"ack,omitempty"`
	Pause    *PauseEndpoints    `json:"pause,omitempty"`
	Resume   *ResumeEndpoints   `json:"resume,omitempty"`
	Window   *SetWindow         `json:"window,omitempty"`
	NoWindow *DeleteWindow      `json:"delete_window,omitempty"`
	Forget   *ForgetEnded       `json:"forget,omitempty"`
	Force    *ForceState        `json:"force,omitempty"`
}

func pack(command Command) (p packed, err error) {
	switch c := command.(type) {
	case Found:
		p.Found = &c
	case ChangeSettings:
		p.Settings = &c
	case SetEndpoint:
		if c.Labels != nil && *c.Labels == nil {
			c.Labels = &map[string]string{} // null would say: leave them as they are
		}
		if c.Parents != nil && *c.Parents == nil {
			c.Parents = &[]string{} // likewise
		}
		p.Set = &c
		err = encodable(c.Key, c.Value)
	case DeleteEndpoint:
		p.Delete = &c
		err = encodable(c.Key)
	case DeclareEndpoints:
		p.Declare = &c
		for _, d := range c.Endpoints {
			err = cmp.Or(err, encodable(d.Key, d.Value))
		}
	case RegisterObserver:
		p.Register = &c
	case RemoveObserver:
		p.Remove = &c
	case RestoreConfiguration:
		p.Restore = &c
		for _, d := range c.Endpoints {
			err = cmp.Or(err, encodable(d.Key, d.Value))
		}
	case PreferVoter:
		p.Prefer = &c
	case Transition:
		p.Transition = &c
		err = encodable(c.Key)
	case RecordOutcome:
		c.Outcome = c.Outcome.Trimmed()
		p.Outcome = &c
	case CreateToken:
		p.Token = &c
		err = encodable(c.Token.Name, c.Token.By)
	case RevokeToken:
		p.Revoke = &c
	case RetryNotification:
		p.Retry = &c
	case AckNotification:
		p.Ack = &c
	case PauseEndpoints:
		p.Pause = &c
		err = encodable(append(c.Pause.Scope.words(), c.Pause.Scope.Prefix)...)
	case ResumeEndpoints:
		p.Resume = &c
		err = encodable(append(c.Scope.words(), c.Scope.Prefix)...)
	case SetWindow:
		p.Window = &c
		err = encodable(append(c.Window.Scope.words(), c.Window.Scope.Prefix, c.Window.Name)...)
	case DeleteWindow:
		p.NoWindow = &c
		err = encodable(c.Name)
	case ForgetEnded:
		p.Forget = &c
	case ForceState:
		p.Force = &c
		err = encodable(c.Key)
	default:
		err = unknownCommand(command)
	}
	return p, err
}

// encodable refuses what JSON would silently put another text in place of: it
// must not happen to a name, or one endpoint is taken for another.
func encodable(texts ...string) error {
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return fmt.Errorf("%.80q is not valid UTF-8: write it in UTF-8", text)
		}
	}
	return nil
}

// unpack returns the one command in p.
func (p packed) unpack() (Command, error) {
	var found []Command
	collectOne(&found, p.Found)
	collectOne(&found, p.Settings)
	collectOne(&found, p.Set)
	collectOne(&found, p.Delete)
	collectOne(&found, p.Declare)
	collectOne(&found, p.Register)
	collectOne(&found, p.Remove)
	collectOne(&found, p.Restore)
	collectOne(&found, p.Prefer)
	collectOne(&found, p.Transition)
	collectOne(&found, p.Outcome)
	collectOne(&found, p.Token)
	collectOne(&found, p.Revoke)
	collectOne(&found, p.Retry)
	collectOne(&found, p.Ack)
	collectOne(&found, p.Pause)
	collectOne(&found, p.Resume)
	collectOne(&found, p.Window)
	collectOne(&found, p.NoWindow)
	collectOne(&found, p.Forget)
	collectOne(&found, p.Force)
	if len(found) != 1 {
		return nil, fmt.Errorf("it holds %d commands in place of one", len(found))
	}
	return found[0], nil
}

func collectOne[C Command](into *[]Command, c *C) {
	if c != nil {
		*into = append(*into, *c)
	}
}

// TooLarge is the error of commands that don't fit into one entry.
type TooLarge struct{ Commands, Bytes int }

func (e TooLarge) Error() string {
	return fmt.Sprintf("encode %d commands: they take %d bytes, and an entry has at most %d: propose fewer at once", e.Commands, e.Bytes, MaxEntryBytes)
}

// Encode packs commands into the bytes of one raft entry, in the lowest
// Protocol that will do. What it returns can be decoded by every node of this
// build.
func Encode(commands ...Command) ([]byte, error) { return Dialect{}.Encode(commands...) }

// Encode is the function Encode, in this dialect.
func (d Dialect) Encode(commands ...Command) ([]byte, error) {
	if len(commands) == 0 || len(commands) > MaxCommands {
		return nil, fmt.Errorf("encode %d commands: an entry carries 1 to %d", len(commands), MaxCommands)
	}
	all := make([]packed, len(commands))
	for i, c := range commands {
		p, err := pack(c)
		if err != nil {
			return nil, fmt.Errorf("encode command %d: %w", i, err)
		}
		all[i] = p
	}
	takes := d.Takes(commands...)
	if err := d.Readable(takes); err != nil {
		return nil, fmt.Errorf("encode %d commands: %w", len(commands), err)
	}
	var entry bytes.Buffer
	entry.WriteByte(byte(takes))
	e := json.NewEncoder(&entry)
	e.SetEscapeHTML(false) // three times the size for many a value
	if err := e.Encode(all); err != nil {
		return nil, fmt.Errorf("encode commands: %w", err)
	}
	entry.Truncate(entry.Len() - 1) // the line feed
	if entry.Len() > MaxEntryBytes {
		return nil, TooLarge{Commands: len(commands), Bytes: entry.Len()}
	}
	return entry.Bytes(), nil
}

// protocolOf returns which protocol an entry takes, without reading the rest.
func protocolOf(entry []byte) (Protocol, error) {
	if len(entry) == 0 {
		return 0, errors.New("decode entry: it is empty")
	}
	takes := Protocol(entry[0])
	if takes < 1 || takes > maxProtocol {
		return 0, fmt.Errorf("decode entry: it begins with %#x, which is no protocol", entry[0])
	}
	return takes, nil
}

// Decode reads what Encode wrote. It is strict: a kind or field that this build
// does not know is an error, for it can't be applied rightly, and so is one
// that takes a higher protocol than the entry says. The error wraps ErrTooNew
// if the entry takes more than this build reads. Nothing in what it returns is
// shared with entry.
func Decode(entry []byte) ([]Command, error) { return Dialect{}.Decode(entry) }

// Decode is the function Decode, in this dialect.
func (d Dialect) Decode(entry []byte) ([]Command, error) {
	says, err := protocolOf(entry)
	if err != nil {
		return nil, err
	}
	if err := d.Readable(says); err != nil {
		return nil, fmt.Errorf("decode entry: %w", err)
	}
	if !utf8.Valid(entry) {
		return nil, errors.New("decode entry: it is not valid UTF-8")
	}
	var all []packed
	if err := decodeStrict(entry[1:], &all); err != nil {
		return nil, fmt.Errorf("decode entry: %w", err)
	}
	if len(all) == 0 || len(all) > MaxCommands {
		return nil, fmt.Errorf("decode entry: %d commands, but an entry carries 1 to %d", len(all), MaxCommands)
	}
	commands := make([]Command, len(all))
	for i, p := range all {
		c, err := p.unpack()
		if err != nil {
			return nil, fmt.Errorf("decode command %d: %w", i, err)
		}
		commands[i] = c
	}
	if takes := d.Takes(commands...); takes > says {
		return nil, fmt.Errorf("decode entry: it says protocol %d and takes %d", says, takes)
	}
	return commands, nil
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
