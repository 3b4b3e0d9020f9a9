package simdisk

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/hashicorp/raft"
)

// snapshotsKept is how many are kept, as on a real node.
const snapshotsKept = 2

// pictures are the snapshots on a disk, the newest first.
type pictures struct{ all []*picture }

type picture struct {
	meta  raft.SnapshotMeta
	state []byte
}

func (p *pictures) clone() *pictures { return &pictures{slices.Clone(p.all)} }

func (p *pictures) add(newest *picture) {
	p.all = slices.Insert(p.all, 0, newest)
	p.all = p.all[:min(len(p.all), snapshotsKept)]
}

// Snapshots returns the snapshot store.
func (d *Disk) Snapshots() raft.SnapshotStore { return gallery{d.snapshots} }

type gallery struct{ *file[*pictures] }

// Create implements raft.SnapshotStore.
func (g gallery) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration, configurationIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	if version != 1 {
		return nil, fmt.Errorf("snapshots of version %d are unknown", version)
	}
	return &sink{gallery: g, picture: picture{meta: raft.SnapshotMeta{
		Version: version, ID: fmt.Sprintf("%d-%d", term, index), Index: index, Term: term,
		Configuration: configuration, ConfigurationIndex: configurationIndex,
	}}}, nil
}

// List implements raft.SnapshotStore.
func (g gallery) List() (metas []*raft.SnapshotMeta, _ error) {
	g.read(func(p *pictures) {
		for _, one := range p.all {
			metas = append(metas, new(one.meta))
		}
	})
	return metas, nil
}

// Open implements raft.SnapshotStore.
func (g gallery) Open(id string) (meta *raft.SnapshotMeta, state io.ReadCloser, err error) {
	err = fmt.Errorf("there is no snapshot %s", id)
	g.read(func(p *pictures) {
		for _, one := range p.all {
			if one.meta.ID == id {
				meta, state, err = new(one.meta), io.NopCloser(bytes.NewReader(one.state)), nil
				return
			}
		}
	})
	return meta, state, err
}

// sink is a snapshot that is being made. It is one of all when it is closed.
type sink struct {
	gallery gallery
	picture picture
	over    bool
}

// Write implements raft.SnapshotSink.
func (s *sink) Write(some []byte) (int, error) {
	s.picture.state = append(s.picture.state, some...)
	return len(some), nil
}

// ID implements raft.SnapshotSink.
func (s *sink) ID() string { return s.picture.meta.ID }

// Cancel implements raft.SnapshotSink.
func (s *sink) Cancel() error {
	s.over = true
	return nil
}

// Close implements raft.SnapshotSink.
func (s *sink) Close() error {
	if s.over {
		return nil
	}
	s.over = true
	s.picture.meta.Size = int64(len(s.picture.state))
	return s.gallery.write(func(p *pictures) { p.add(&s.picture) })
}
