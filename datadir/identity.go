package datadir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"tocsin/fsm"
	"tocsin/fsync"
)

const identityName = "identity.json"

// Identity says which node of which cluster the data belongs to. The cluster is
// empty until the node has joined one.
type Identity struct {
	Node    string `json:"node"`
	Cluster string `json:"cluster,omitempty"`
	// Disk names this directory itself; it is drawn when it is made. Starts
	// counts the processes that have used it, this one included.
	Disk   string `json:"disk"`
	Starts uint64 `json:"starts"`
	// SetAside says that the raft store was set aside on purpose (see
	// Quarantine): the node comes in with nothing, as a new member of its
	// cluster, and founds none.
	SetAside bool `json:"set_aside,omitempty"`
	// Protocol is the highest that the cluster is known to use, 0 if that is
	// the first one: a build that does not read it can't use the data.
	Protocol fsm.Protocol `json:"protocol,omitempty"`
}

// identityFile is an Identity as it stands on the disk: with a checksum, so that
// a changed bit does not make it that of another node or of another cluster.
type identityFile struct {
	Identity
	Checksum string `json:"checksum"`
}

func (i Identity) checksum() string {
	text := fmt.Sprintf("%q %q %q %d %v", i.Node, i.Cluster, i.Disk, i.Starts, i.SetAside)
	if i.Protocol != 0 {
		text += fmt.Sprintf(" %d", i.Protocol)
	}
	return fmt.Sprintf("%08x", crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)))
}

func encodeIdentity(i Identity) ([]byte, error) {
	text, err := json.MarshalIndent(identityFile{i, i.checksum()}, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

// decodeIdentity reads what encodeIdentity wrote, and nothing else. The error
// wraps fsm.ErrTooNew if the data are of no use to this build.
func decodeIdentity(text []byte) (Identity, error) {
	// First, for a newer build may have written more.
	var uses struct {
		Protocol fsm.Protocol `json:"protocol"`
	}
	if json.Unmarshal(text, &uses) == nil {
		if err := (Identity{Protocol: uses.Protocol}).ReadableIn(fsm.Dialect{}); err != nil {
			return Identity{}, err
		}
	}
	var f identityFile
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("it is empty")
		}
		return Identity{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Identity{}, errors.New("there is something behind its end")
	}
	if f.Checksum != f.Identity.checksum() {
		return Identity{}, errors.New("its checksum does not hold")
	}
	if err := fsm.ValidateNodeName(f.Node); err != nil {
		return Identity{}, err
	}
	return f.Identity, nil
}

// ReadableIn says why the data can't be used by a process that reads no more
// than this, nil if they can.
func (i Identity) ReadableIn(d fsm.Dialect) error {
	if err := d.Readable(i.Protocol); err != nil {
		return fmt.Errorf("the data are those of a member of a cluster that was upgraded: %w; install the version of the other nodes here and start again, nothing is lost", err)
	}
	return nil
}

// readIdentity reads the identity in root. The error wraps fs.ErrNotExist if
// there is none, or fsm.ErrTooNew if this build can't use the data, and is a
// *damagedIdentity if it can't be trusted.
func readIdentity(root string) (Identity, error) {
	path := filepath.Join(root, identityName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Identity{}, err
	}
	if err != nil {
		return Identity{}, fmt.Errorf("read whose data it is: %w", err)
	}
	identity, err := decodeIdentity(text)
	if errors.Is(err, fsm.ErrTooNew) {
		return Identity{}, fmt.Errorf("%s: %w", path, err)
	}
	if err != nil {
		return Identity{}, &damagedIdentity{path, err}
	}
	return identity, nil
}

// writeIdentity writes an identity durably and all at once.
func writeIdentity(root string, identity Identity) error {
	text, err := encodeIdentity(identity)
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(filepath.Join(root, identityName), text, 0o600); err != nil {
		return fmt.Errorf("write whose data it is: %w", err)
	}
	return fsync.Directory(root)
}

type damagedIdentity struct {
	path  string
	cause error
}

func (d *damagedIdentity) Error() string { return fmt.Sprintf("%s is damaged: %v", d.path, d.cause) }
func (d *damagedIdentity) Unwrap() error { return d.cause }
