package boltcheck

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// bounds says between which keys a page may hold keys; nil is no bound.
type bounds struct {
	from []byte // this one or more
	to   []byte // less than this one
}

// place is where in the file the walk is.
type place struct {
	bucket string // the innermost; "" for the bucket of buckets
	within bounds
	depth  int
}

// tree walks the page id and what is below it, buckets within buckets included.
func (c *checker) tree(id uint64, at place) error {
	if at.depth > maxDepth {
		return fmt.Errorf("page %d: the tree is deeper than any can be", id)
	}
	p, err := c.load(id)
	if err != nil {
		return err
	}
	if p.kind == branchPage {
		err = c.branch(p, at)
	} else {
		err = c.leaf(p, at)
	}
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

func (c *checker) branch(p page, at place) error {
	elements, err := p.elements(at.within)
	if err != nil {
		return err
	}
	if len(elements) == 0 {
		return errors.New("a branch of the tree is empty")
	}
	for i, e := range elements {
		below := bounds{from: e.key, to: at.within.to}
		if i+1 < len(elements) {
			below.to = elements[i+1].key
		}
		if err := c.tree(e.child, place{at.bucket, below, at.depth + 1}); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) leaf(p page, at place) error {
	if p.kind != leafPage {
		return fmt.Errorf("it is of kind %#x, which a tree does not have", p.kind)
	}
	elements, err := p.elements(at.within)
	if err != nil {
		return err
	}
	for _, e := range elements {
		switch e.flags {
		case 0:
			c.visit(at.bucket, e.key)
		case bucketElement:
			if err := c.subBucket(e.value, place{bucket: string(e.key), depth: at.depth + 1}); err != nil {
				return fmt.Errorf("bucket %q: %w", e.key, err)
			}
		default:
			return fmt.Errorf("entry %x has the flags %#x", e.key, e.flags)
		}
	}
	return nil
}

// subBucket walks a bucket within a bucket: a tree of its own, or, when it is
// small, a page within the value.
func (c *checker) subBucket(value []byte, at place) error {
	if len(value) < bucketSize {
		return errors.New("its entry is cut off")
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return c.tree(root, at)
	}
	inline := value[bucketSize:]
	if len(inline) < headerSize {
		return errors.New("its page is cut off")
	}
	if at.depth > maxDepth {
		return errors.New("the tree is deeper than any can be")
	}
	return c.leaf(parsePage(inline), at)
}

// elements returns all entries, which must be in order and fill the page from
// its start, with nothing behind them.
func (p page) elements(within bounds) ([]element, error) {
	all := make([]element, 0, min(p.count, len(p.data)/elementSize))
	end := headerSize + p.count*elementSize
	for i := range p.count {
		e, next, ok := p.elementAt(i, end)
		switch {
		case !ok:
			return nil, fmt.Errorf("entry %d of %d does not lie where it should", i, p.count)
		case i > 0 && bytes.Compare(all[i-1].key, e.key) >= 0,
			bytes.Compare(within.from, e.key) > 0,
			within.to != nil && bytes.Compare(e.key, within.to) >= 0:
			return nil, fmt.Errorf("entry %d of %d is not in order", i, p.count)
		}
		all, end = append(all, e), next
	}
	if end > len(p.data) || len(bytes.TrimRight(p.data[end:], "\x00")) > 0 {
		return nil, fmt.Errorf("there is something behind its %d entries", p.count)
	}
	return all, nil
}
