package access

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Record is what the cluster knows of a token: no secret.
type Record struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Hash is the SHA-256 of the token's text, in hexadecimal digits.
	Hash    string    `json:"hash"`
	Created time.Time `json:"created"`
	// By is who created it, "" if nobody had to say who they are.
	By string `json:"by,omitempty"`
	// Expires is when it ends, the zero time if never; Revoked is when it was
	// taken back, the zero time if it was not.
	Expires time.Time `json:"expires,omitzero"`
	Revoked time.Time `json:"revoked,omitzero"`
}

// State is what has become of a token.
type State string

// The states of a token.
const (
	Valid   State = "valid"
	Expired State = "expired"
	Revoked State = "revoked"
)

// State returns what the token is at that time.
func (r *Record) State(now time.Time) State {
	switch {
	case !r.Revoked.IsZero():
		return Revoked
	case !r.Expires.IsZero() && !now.Before(r.Expires):
		return Expired
	}
	return Valid
}

// Repeats reports whether r asks once more for what other asked for. When each was
// asked, by whom, and what has become of it is none of that.
func (r *Record) Repeats(other Record) bool {
	return r.ID == other.ID && r.Hash == other.Hash && r.Name == other.Name && r.Role == other.Role && r.life() == other.life()
}

// life is how long r lasts from its beginning, 0 if it has no end.
func (r *Record) life() time.Duration {
	if r.Expires.IsZero() {
		return 0
	}
	return r.Expires.Sub(r.Created)
}

// maxName bounds the name of a token.
const maxName = 64

// Validate reports what is wrong with a record.
func (r *Record) Validate() error {
	if err := ValidateName(r.Name); err != nil {
		return err
	}
	if _, err := ParseRole(string(r.Role)); err != nil {
		return err
	}
	if !drawn(r.ID, idBytes) {
		return errors.New("the id is none that a token has")
	}
	if sum, err := hex.DecodeString(r.Hash); err != nil || len(sum) != 32 || r.Hash != strings.ToLower(r.Hash) {
		return errors.New("the hash is no SHA-256 in hexadecimal digits")
	}
	if len(r.By) > maxBy {
		return fmt.Errorf("who created it has more than %d bytes", maxBy)
	}
	return nil
}

const maxBy = 256

// ValidateName reports what is wrong with the name of a token: it stands in the
// audit log, and in the columns of a table.
func ValidateName(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("the name has %d characters: give 1 to %d, such as deploy or anna", len(name), maxName)
	}
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.@", c) {
			return fmt.Errorf("the name %q has something else than letters, digits and -_.@", name)
		}
	}
	return nil
}

// A cluster that is to be founded is told its first tokens by a file, with a
// line for each: ROLE NAME ID HASH. It holds no secret.

// Line returns the record as a line of such a file.
func (r *Record) Line() string {
	return fmt.Sprintf("%s %s %s %s", r.Role, r.Name, r.ID, r.Hash)
}

// maxFirst bounds the tokens of such a file.
const maxFirst = 100

// ParseRecords reads such a file. Blank lines, and those that begin with #, say
// nothing. Created is left for who founds.
func ParseRecords(text string) ([]Record, error) {
	var all []Record
	number := 0
	for line := range strings.Lines(text) {
		number++
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(fields[0], "#"):
			continue
		case len(fields) != 4:
			return nil, fmt.Errorf("line %d is not like ROLE NAME ID HASH, as \"tocsin token create --to FILE\" writes it", number)
		case len(all) == maxFirst:
			return nil, fmt.Errorf("line %d: there are more than %d tokens", number, maxFirst)
		}
		r := Record{Role: Role(fields[0]), Name: fields[1], ID: fields[2], Hash: fields[3]}
		if err := r.Validate(); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		for _, other := range all {
			if other.ID == r.ID || other.Name == r.Name {
				return nil, fmt.Errorf("line %d: the token %s is there twice", number, r.Name)
			}
		}
		all = append(all, r)
	}
	return all, nil
}

// Verify returns the identity that a token proves, or an error that says why it
// proves none. A record of nil is that of an unknown token; it is compared all
// the same, so that the time tells nothing.
func Verify(t Token, r *Record, now time.Time) (Identity, error) {
	hash := ""
	if r != nil {
		hash = r.Hash
	}
	if !t.matches(hash) {
		return Identity{}, ErrUnknownToken
	}
	switch r.State(now) {
	case Revoked:
		return Identity{}, fmt.Errorf("the token %s was revoked: ask for another one", r.Name)
	case Expired:
		return Identity{}, fmt.Errorf("the token %s has expired: ask for another one", r.Name)
	}
	return Identity{Name: r.Name, Role: r.Role, Proof: ByToken}, nil
}

// ErrUnknownToken says that there is no such token in this cluster.
var ErrUnknownToken = errors.New("this cluster knows no such token")
