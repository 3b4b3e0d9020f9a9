package boltcheck

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The kinds of pages.
const (
	branchPage   = 0x01
	leafPage     = 0x02
	freeListPage = 0x10
)

const (
	elementSize   = 16 // of an entry of a branch or a leaf, without key and value
	bucketElement = 0x01
	bucketSize    = 16 // root and sequence, before an inline page
	// maxDepth bounds the walk. A page holds two keys at least, so that a tree
	// of this depth would not fit on any disk.
	maxDepth = 48
	// manyFree is the count of a list of free pages that is too long for it;
	// then the real one is the first entry.
	manyFree = 0xFFFF
)

// page is one page, with the pages that it runs over into.
type page struct {
	kind  uint16
	count int
	data  []byte // all of it, from its header on
}

// parsePage reads the header of data.
func parsePage(data []byte) page {
	return page{
		kind:  binary.NativeEndian.Uint16(data[8:]),
		count: int(binary.NativeEndian.Uint16(data[10:])),
		data:  data,
	}
}

// element is one entry of a branch or a leaf.
type element struct {
	key   []byte
	child uint64 // of a branch
	flags uint32 // of a leaf
	value []byte // of a leaf
}

// elementAt returns entry i, whose key and value have to begin at start, and
// where they end. bbolt writes them one behind the other, which is how a changed
// count is found out: the keys begin where the entries end.
func (p page) elementAt(i, start int) (e element, end int, ok bool) {
	at := headerSize + i*elementSize
	if at+elementSize > len(p.data) {
		return e, 0, false
	}
	head, order := p.data[at:at+elementSize], binary.NativeEndian
	var position, keySize, valueSize int
	if p.kind == branchPage {
		position, keySize = int(order.Uint32(head)), int(order.Uint32(head[4:]))
		e.child = order.Uint64(head[8:])
	} else {
		e.flags = order.Uint32(head)
		position, keySize, valueSize = int(order.Uint32(head[4:])), int(order.Uint32(head[8:])), int(order.Uint32(head[12:]))
	}
	// Positions count from the entry. bbolt panics at an empty key.
	if at+position != start || keySize == 0 || keySize+valueSize > len(p.data)-start {
		return e, 0, false
	}
	value := start + keySize
	e.key, e.value = p.data[start:value], p.data[value:value+valueSize]
	return e, value + valueSize, true
}

// checker walks one file.
type checker struct {
	file       io.ReaderAt
	meta       meta
	visit      Visit
	used, free pageSet
}

// load reads page id, which must be there, not be free, and be used only once.
func (c *checker) load(id uint64) (page, error) {
	if id < 2 || id >= c.meta.pages {
		return page{}, fmt.Errorf("page %d is named, and there are %d", id, c.meta.pages)
	}
	header := make([]byte, headerSize)
	if err := c.read(header, id); err != nil {
		return page{}, err
	}
	order := binary.NativeEndian
	if says := order.Uint64(header); says != id {
		return page{}, fmt.Errorf("page %d says that it is page %d", id, says)
	}
	length := uint64(order.Uint32(header[12:])) + 1
	if length > c.meta.pages-id {
		return page{}, fmt.Errorf("page %d runs over the end of the file", id)
	}
	for each := id; each < id+length; each++ {
		if c.used.has(each) {
			return page{}, fmt.Errorf("page %d is used twice", each)
		}
		if c.free.has(each) {
			return page{}, fmt.Errorf("page %d is used, and is in the list of free pages", each)
		}
		c.used.add(each)
	}
	data := make([]byte, length*uint64(c.meta.pageSize))
	if err := c.read(data, id); err != nil {
		return page{}, err
	}
	return parsePage(data), nil
}

func (c *checker) read(into []byte, id uint64) error {
	_, err := c.file.ReadAt(into, int64(id)*c.meta.pageSize)
	if errors.Is(err, io.EOF) {
		err = errors.New("the file was cut off")
	}
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

// freeList notes the pages that the next write may take.
func (c *checker) freeList() error {
	if c.meta.freeList == noFreeList {
		return nil
	}
	p, err := c.load(c.meta.freeList)
	if err != nil {
		return fmt.Errorf("the list of free pages: %w", err)
	}
	if p.kind != freeListPage {
		return fmt.Errorf("page %d should be the list of free pages, and is of kind %#x", c.meta.freeList, p.kind)
	}
	ids, count := p.data[headerSize:], uint64(p.count)
	if p.count == manyFree {
		count, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids)/8) {
		return fmt.Errorf("the list of free pages has %d entries, and room for %d", count, len(ids)/8)
	}
	for i := range count {
		id := binary.NativeEndian.Uint64(ids[8*i:])
		if id < 2 || id >= c.meta.pages {
			return fmt.Errorf("the list of free pages names page %d, and there are %d", id, c.meta.pages)
		}
		if c.free.has(id) || c.used.has(id) {
			return fmt.Errorf("the list of free pages names page %d, which is used or named already", id)
		}
		c.free.add(id)
	}
	return nil
}
