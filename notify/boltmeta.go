package notify

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
)

// A bbolt file begins with two pages of which each names a state of the file:
// the newest, and the one before it. When the newest can't be read bbolt goes
// back to the other without a word, and the last write is lost, or all of them
// if there was only one. Nothing that we wrote may vanish in silence, so both
// pages have to be whole. (A crash does not harm them: what counts on a page
// lies within one sector.)
const (
	metaOffset = 16 // behind the header of the page
	metaSize   = 56 // before its checksum
	metaAtSize = 8  // where the size of a page stands in it
)

// checkMetas reports that one of the two pages is damaged.
func checkMetas(file *os.File) error {
	first, err := readMeta(file, 0)
	if err != nil {
		return fmt.Errorf("its first page: %w", err)
	}
	pageSize := int64(binary.NativeEndian.Uint32(first[metaAtSize:]))
	second, err := readMeta(file, pageSize)
	if err != nil {
		return fmt.Errorf("its second page: %w", err)
	}
	if size := int64(binary.NativeEndian.Uint32(second[metaAtSize:])); size != pageSize {
		return fmt.Errorf("its first pages disagree about the size of a page: %d and %d", pageSize, size)
	}
	return nil
}

func readMeta(file *os.File, page int64) ([]byte, error) {
	meta := make([]byte, metaSize+8)
	if _, err := file.ReadAt(meta, page+metaOffset); err != nil {
		return nil, err
	}
	sum := fnv.New64a()
	sum.Write(meta[:metaSize])
	if sum.Sum64() != binary.NativeEndian.Uint64(meta[metaSize:]) {
		return nil, errors.New("the checksum does not hold")
	}
	return meta, nil
}
