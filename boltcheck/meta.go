package boltcheck

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// A bbolt file begins with two pages of which each names a state of the file:
// the newest, and the one before it. When the newest can't be read bbolt goes
// back to the other without a word, and the last write is lost, or all of them
// if there was only one. Nothing that was written may vanish in silence, so
// both pages have to be whole. (A crash does not harm them: what counts on a
// page lies within one sector.)
const (
	headerSize  = 16 // of every page
	metaSize    = 56 // behind the header, before its checksum
	metaMagic   = 0xED0CDAED
	metaVersion = 2
	// Page sizes are those of operating systems.
	minPageSize, maxPageSize = 1 << 9, 1 << 16
	noFreeList               = ^uint64(0)
)

// meta is what one of the first two pages says.
type meta struct {
	pageSize int64
	root     uint64 // page of the bucket of buckets
	freeList uint64 // page of the list of free pages, or noFreeList
	pages    uint64 // how many pages the file has
	change   uint64 // number of the transaction that wrote it
}

// newestMeta requires that both are whole, and returns the newer one.
func newestMeta(file io.ReaderAt) (meta, error) {
	first, err := readMeta(file, 0)
	if err != nil {
		return meta{}, fmt.Errorf("its first page: %w", err)
	}
	second, err := readMeta(file, first.pageSize)
	if err != nil {
		return meta{}, fmt.Errorf("its second page: %w", err)
	}
	if first.pageSize != second.pageSize {
		return meta{}, fmt.Errorf("its first pages disagree about the size of a page: %d and %d", first.pageSize, second.pageSize)
	}
	if first.change > second.change {
		return first, nil
	}
	return second, nil
}

func readMeta(file io.ReaderAt, offset int64) (meta, error) {
	data := make([]byte, metaSize+8)
	if _, err := file.ReadAt(data, offset+headerSize); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file was cut off")
		}
		return meta{}, err
	}
	sum := fnv.New64a()
	sum.Write(data[:metaSize])
	order := binary.NativeEndian
	switch {
	case order.Uint32(data) != metaMagic:
		return meta{}, errors.New("it is not that of a bbolt file")
	case sum.Sum64() != order.Uint64(data[metaSize:]):
		return meta{}, errors.New("the checksum does not hold")
	case order.Uint32(data[4:]) != metaVersion:
		return meta{}, fmt.Errorf("it is of version %d of bbolt's files, and this build reads version %d", order.Uint32(data[4:]), metaVersion)
	}
	m := meta{
		pageSize: int64(order.Uint32(data[8:])),
		root:     order.Uint64(data[16:]),
		freeList: order.Uint64(data[32:]),
		pages:    order.Uint64(data[40:]),
		change:   order.Uint64(data[48:]),
	}
	switch {
	case m.pageSize < minPageSize || m.pageSize > maxPageSize || m.pageSize&(m.pageSize-1) != 0:
		return meta{}, fmt.Errorf("a page would have %d bytes", m.pageSize)
	case m.pages < 3 || m.pages > 1<<40:
		return meta{}, fmt.Errorf("the file would have %d pages", m.pages)
	}
	return m, nil
}
