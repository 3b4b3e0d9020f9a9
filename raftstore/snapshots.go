package raftstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/crc64"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"tocsin/fsync"
)

// What raft calls the parts of its snapshots.
const (
	snapshotFolder = "snapshots"
	snapshotMeta   = "meta.json"
	snapshotState  = "state.bin"
	unfinished     = ".tmp"
	// snapshotSeal is ours: the checksum of meta.json, which says who belongs to
	// the cluster, and which no checksum of raft's covers.
	snapshotSeal = "meta.sum"
)

// Snapshots is raft's FileSnapshotStore, whose snapshots are sealed when they
// are finished.
type Snapshots struct {
	*raft.FileSnapshotStore
	folder string
}

// OpenSnapshots opens the snapshots below dir, and keeps the newest ones. Check
// them first.
func OpenSnapshots(dir string, kept int, log hclog.Logger) (*Snapshots, error) {
	files, err := raft.NewFileSnapshotStoreWithLogger(dir, kept, log)
	if err != nil {
		return nil, fmt.Errorf("open the snapshots: %w", err)
	}
	return &Snapshots{files, filepath.Join(dir, snapshotFolder)}, nil
}

// Create implements raft.SnapshotStore.
func (s *Snapshots) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration, configurationIndex uint64, transport raft.Transport) (raft.SnapshotSink, error) {
	sink, err := s.FileSnapshotStore.Create(version, index, term, configuration, configurationIndex, transport)
	if err != nil {
		return nil, err
	}
	return sealingSink{sink, filepath.Join(s.folder, sink.ID())}, nil
}

// sealingSink seals a snapshot when it is finished. A crash before that leaves
// one without a seal, which is taken as it is.
type sealingSink struct {
	raft.SnapshotSink
	path string
}

// Close implements raft.SnapshotSink.
func (s sealingSink) Close() error {
	if err := s.SnapshotSink.Close(); err != nil {
		return err
	}
	meta, err := os.ReadFile(filepath.Join(s.path, snapshotMeta))
	if err != nil {
		return fmt.Errorf("seal a snapshot: %w", err)
	}
	if err := renameio.WriteFile(filepath.Join(s.path, snapshotSeal), sealOf(meta), 0o600); err != nil {
		return fmt.Errorf("seal a snapshot: %w", err)
	}
	return fsync.Directory(s.path)
}

func sealOf(meta []byte) []byte {
	return fmt.Appendf(nil, "%08x\n", crc32.Checksum(meta, castagnoli))
}

// CheckSnapshots reads all snapshots below dir, the directory that raft's
// FileSnapshotStore is given, and returns the index that the newest one reaches,
// 0 if there is none. A snapshot that is not whole is a *Damage.
//
// Raft passes over a damaged snapshot and takes an older one, without a word to
// whoever starts it; if there is none it may begin with nothing. To take the
// older one does no harm when the log reaches back to it. But a disk that has
// lost a part of one file has, as a rule, lost more, and an operator who is not
// told will not replace it. So a damaged snapshot is refused.
//
// A snapshot that a crash left unfinished is no damage, and is removed.
func CheckSnapshots(dir string) (newest uint64, err error) {
	folder := filepath.Join(dir, snapshotFolder)
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for snapshots: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		switch {
		case !e.IsDir():
			continue
		case strings.HasSuffix(e.Name(), unfinished):
			if err := os.RemoveAll(path); err != nil {
				return 0, fmt.Errorf("remove an unfinished snapshot: %w", err)
			}
			continue
		}
		meta, err := checkSnapshot(path)
		if err != nil {
			return 0, &Damage{path, err}
		}
		newest = max(newest, meta.Index)
	}
	return newest, nil
}

// checkSnapshot verifies the checksum of one snapshot.
func checkSnapshot(path string) (raft.SnapshotMeta, error) {
	var meta struct {
		raft.SnapshotMeta
		CRC []byte
	}
	text, err := os.ReadFile(filepath.Join(path, snapshotMeta))
	if err != nil {
		return meta.SnapshotMeta, err
	}
	seal, err := os.ReadFile(filepath.Join(path, snapshotSeal))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return meta.SnapshotMeta, err
	case !bytes.Equal(seal, sealOf(text)):
		return meta.SnapshotMeta, fmt.Errorf("%s: its checksum does not hold", snapshotMeta)
	}
	if err := json.Unmarshal(text, &meta); err != nil {
		return meta.SnapshotMeta, fmt.Errorf("%s: %w", snapshotMeta, err)
	}
	// The name of the folder repeats these.
	if meta.ID != filepath.Base(path) || !strings.HasPrefix(meta.ID, fmt.Sprintf("%d-%d-", meta.Term, meta.Index)) || meta.Index == 0 ||
		meta.Version < raft.SnapshotVersionMin || meta.Version > raft.SnapshotVersionMax || len(meta.Configuration.Servers) == 0 {
		return meta.SnapshotMeta, fmt.Errorf("%s contradicts itself", snapshotMeta)
	}
	state, err := os.Open(filepath.Join(path, snapshotState))
	if err != nil {
		return meta.SnapshotMeta, err
	}
	sum := crc64.New(crc64.MakeTable(crc64.ECMA))
	length, err := io.Copy(sum, state)
	if err := errors.Join(err, state.Close()); err != nil {
		return meta.SnapshotMeta, err
	}
	if length != meta.Size || !bytes.Equal(sum.Sum(nil), meta.CRC) {
		return meta.SnapshotMeta, fmt.Errorf("%s: its checksum does not hold", snapshotState)
	}
	return meta.SnapshotMeta, nil
}
