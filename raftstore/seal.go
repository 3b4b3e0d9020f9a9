package raftstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/hashicorp/raft"
)

// Every record is sealed: one byte that says how, then a CRC-32C (Castagnoli,
// which processors compute themselves) of where the record stands and of all
// that it says. The place is part of it, so that a record that turns up in the
// place of another is found out as well as one with a changed bit.
//
// The seal of a log entry stands before what raft keeps in its Extensions, which
// are there for such layers as this: the data of an entry need not be copied. The
// seal of a stable value stands before the value.
const (
	sealVersion = 1
	sealSize    = 1 + crc32.Size
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var (
	errCutOff   = errors.New("it is cut off")
	errChecksum = errors.New("its checksum does not hold")
)

// sealLog returns a sealed copy of l, which shares its data. The time at which
// the leader appended it is sealed too: it changes nothing that raft does, but
// a change in it shows that the disk can't be trusted.
func sealLog(l *raft.Log) *raft.Log {
	sealed := *l
	sealed.Extensions = make([]byte, 0, sealSize+len(l.Extensions))
	sealed.Extensions = append(sealed.Extensions, sealVersion)
	sealed.Extensions = binary.BigEndian.AppendUint32(sealed.Extensions, sumOfLog(l))
	sealed.Extensions = append(sealed.Extensions, l.Extensions...)
	return &sealed
}

// unsealLog verifies an entry that was read from the place of index, and takes
// its seal off.
func unsealLog(index uint64, l *raft.Log) error {
	extensions, sum, err := unseal(l.Extensions)
	if err != nil {
		return err
	}
	l.Extensions = extensions
	if l.Index != index || sumOfLog(l) != sum {
		return errChecksum
	}
	return nil
}

func sumOfLog(l *raft.Log) uint32 {
	head := make([]byte, 0, 64)
	head = binary.BigEndian.AppendUint64(head, l.Index)
	head = binary.BigEndian.AppendUint64(head, l.Term)
	head = append(head, byte(l.Type))
	// The time, by parts that it keeps whatever zone it is read in.
	head = binary.BigEndian.AppendUint64(head, uint64(l.AppendedAt.Unix()))
	head = binary.BigEndian.AppendUint32(head, uint32(l.AppendedAt.Nanosecond()))
	head = binary.BigEndian.AppendUint64(head, uint64(len(l.Data))) // says where the data end
	sum := crc32.Update(0, castagnoli, head)
	sum = crc32.Update(sum, castagnoli, l.Data)
	return crc32.Update(sum, castagnoli, l.Extensions)
}

// sealValue returns the record of a stable value.
func sealValue(key, value []byte) []byte {
	record := make([]byte, 0, sealSize+len(value))
	record = append(record, sealVersion)
	record = binary.BigEndian.AppendUint32(record, sumOfValue(key, value))
	return append(record, value...)
}

// unsealValue verifies a record and returns the value, which shares its bytes.
func unsealValue(key, record []byte) ([]byte, error) {
	value, sum, err := unseal(record)
	if err != nil {
		return nil, err
	}
	if sumOfValue(key, value) != sum {
		return nil, errChecksum
	}
	return value, nil
}

func sumOfValue(key, value []byte) uint32 {
	sum := crc32.Update(0, castagnoli, binary.BigEndian.AppendUint64(nil, uint64(len(key))))
	sum = crc32.Update(sum, castagnoli, key)
	return crc32.Update(sum, castagnoli, value)
}

func unseal(record []byte) (rest []byte, sum uint32, err error) {
	if len(record) < sealSize {
		return nil, 0, errCutOff
	}
	if record[0] != sealVersion {
		return nil, 0, fmt.Errorf("it is sealed in the way %d, and this build knows way %d", record[0], sealVersion)
	}
	if rest = record[sealSize:]; len(rest) == 0 {
		rest = nil // as raft had it
	}
	return rest, binary.BigEndian.Uint32(record[1:]), nil
}
