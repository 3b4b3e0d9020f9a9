// Package backup is the file that holds all that a cluster knows, to be kept
// somewhere else: how it is written, read, and found to be damaged. It knows
// neither where the file is nor what is done with it.
//
// A file is a line that says what it is ([Header]), a snapshot of the replicated
// state as package fsm writes it, and a line with the SHA-256 of all bytes before
// it. Nothing of a file is believed before that sum holds.
package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"tocsin/fsm"
)

// Version is that of the format; a file of another one is refused.
const Version = 1

const (
	// MaxSize bounds a file that is read, in bytes.
	MaxSize = 64 << 20
	// MaxHistory bounds the events in a file, with what became of their
	// notifications, in bytes.
	MaxHistory = 8 << 20
)

const format = "tocsin-backup"

// Header says of a file where it comes from.
type Header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	// Cluster is the id of the cluster, Node the node that wrote the file, and
	// Build its version; Index is the raft index up to which it holds everything.
	Cluster string    `json:"cluster"`
	Node    string    `json:"node"`
	Build   string    `json:"build,omitempty"`
	Index   uint64    `json:"index"`
	Time    time.Time `json:"time"`
}

// Backup is a file that was read.
type Backup struct {
	Header
	View *fsm.View
}

// Write writes a file that holds v, taken on that node at that time.
func Write(to io.Writer, v *fsm.View, node, build string, at time.Time) error {
	sum := sha256.New()
	both := io.MultiWriter(to, sum)
	err := json.NewEncoder(both).Encode(Header{
		Format: format, Version: Version, Cluster: v.ClusterID(), Node: node, Build: build, Index: v.Index(), Time: at.UTC(),
	})
	if err != nil {
		return err
	}
	if v, err = v.WithNewestEvents(MaxHistory); err != nil {
		return err
	}
	if err := fsm.WriteSnapshot(both, v); err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "%s%x\n", sumStart, sum.Sum(nil))
	return err
}

// sumStart begins the last line.
const sumStart = "sha256 "

// ErrTooLarge says of a file that it has more than MaxSize bytes.
var ErrTooLarge = fmt.Errorf("it has more than %d bytes, and no more are read", MaxSize)

var errDamaged = errors.New("the file is damaged, or not whole: take another one")

// Read reads a file of at most MaxSize bytes.
func Read(from io.Reader) (Backup, error) {
	text, err := io.ReadAll(io.LimitReader(from, MaxSize+1))
	if err != nil {
		return Backup{}, err
	}
	if len(text) > MaxSize {
		return Backup{}, ErrTooLarge
	}
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	var h Header
	if json.Unmarshal(first, &h) != nil || h.Format != format {
		return Backup{}, errors.New("it is no backup of Tocsin: \"tocsin snapshot save\" writes one")
	}
	if h.Version != Version {
		return Backup{}, fmt.Errorf("it is of version %d, and this build reads version %d: use the version of Tocsin that wrote it", h.Version, Version)
	}
	end := len(text) - len(sumStart) - 2*sha256.Size - 1
	if end <= len(first) {
		return Backup{}, errDamaged
	}
	if want := fmt.Sprintf("%s%x\n", sumStart, sha256.Sum256(text[:end])); string(text[end:]) != want {
		return Backup{}, errDamaged
	}
	v, err := fsm.ReadSnapshot(bytes.NewReader(rest[:end-len(first)-1]))
	if err != nil {
		return Backup{}, fmt.Errorf("the state in it can't be read: %w", err)
	}
	return Backup{Header: h, View: v}, nil
}

// Restorable returns why what would be put back at that time can't be, nil if it can.
func (b Backup) Restorable(at time.Time) error {
	_, err := fsm.Encode(b.View.Configuration(at))
	if big, ok := errors.AsType[fsm.TooLarge](err); ok {
		return fmt.Errorf("what would be put back takes %d bytes, and at most %d can be written at once: shorten the values of endpoints, or keep their export beside it (\"tocsin endpoint export\"), which can be applied in parts", big.Bytes, fsm.MaxEntryBytes)
	}
	return err
}

// Contents counts what is in a file.
type Contents struct {
	Endpoints int `json:"endpoints"`
	Pauses    int `json:"pauses"`
	Windows   int `json:"windows"`
	Members   int `json:"members"`
	Events    int `json:"events"`
}

// Contents counts what is in b.
func (b Backup) Contents() Contents {
	holds := b.View.Holds()
	return Contents{
		Endpoints: b.View.EndpointCount(), Pauses: len(holds.Pauses), Windows: len(holds.Windows),
		Members: b.View.ObserverCount(), Events: b.View.EventCount(),
	}
}
