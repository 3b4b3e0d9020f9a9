package boltcheck

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrEmpty is the error of a file without a single byte. bbolt makes such a
// file when it makes a new one, and whatever cuts files off leaves one too.
var ErrEmpty = errors.New("the file is empty")

// Visit is told of every record of a checked file, in the order of the keys of
// each bucket. The key is not to be kept. It may be told of some before the
// damage is found further on.
type Visit func(bucket string, key []byte)

// File checks the file at path. The error says what is damaged; it wraps that
// of os.Open when the file can't be opened at all. A nil visit is not told.
func File(path string, visit Visit) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		err = Check(f, info.Size(), visit)
	}
	return errors.Join(err, f.Close())
}

// Check checks a file of size bytes. A nil visit is not told of the records.
func Check(file io.ReaderAt, size int64, visit Visit) error {
	if visit == nil {
		visit = func(string, []byte) {}
	}
	if size == 0 {
		return ErrEmpty
	}
	m, err := newestMeta(file)
	if err != nil {
		return err
	}
	if pages := uint64(size) / uint64(m.pageSize); m.pages > pages {
		return fmt.Errorf("the file was cut off: it has %d bytes, and there were %d", size, m.pages*uint64(m.pageSize))
	}
	c := checker{file: file, meta: m, visit: visit, used: newPageSet(m.pages), free: newPageSet(m.pages)}
	c.used.add(0)
	c.used.add(1)
	if err := c.freeList(); err != nil {
		return err
	}
	return c.tree(m.root, place{})
}

// pageSet is a set of page numbers below a limit.
type pageSet struct {
	bits  []uint64
	limit uint64
}

func newPageSet(limit uint64) pageSet {
	return pageSet{make([]uint64, limit/64+1), limit}
}

func (s pageSet) has(page uint64) bool { return s.bits[page/64]&(1<<(page%64)) != 0 }
func (s pageSet) add(page uint64)      { s.bits[page/64] |= 1 << (page % 64) }
