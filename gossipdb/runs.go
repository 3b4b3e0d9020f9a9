package gossipdb

import (
	"encoding/binary"
	"slices"
)

// Most verdicts of a healthy house are UP, so most bytes of a page are the
// same. Written as runs a page takes a few bytes instead of 512, which is what
// lets gossip, with its 21 kB a second, carry many pages of many nodes.
const (
	bitsPlain = 0 // the bytes themselves
	bitsRuns  = 1 // length and byte of each run
)

// appendBits appends the number of bytes in bits and, if there are any, the
// shorter of their two forms; plain if both are as long.
func appendBits(dst, bits []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(bits)))
	if len(bits) == 0 {
		return dst
	}
	start := len(dst)
	dst = appendRuns(append(dst, bitsRuns), bits)
	if len(dst)-start-1 < len(bits) {
		return dst
	}
	return append(append(dst[:start], bitsPlain), bits...)
}

func appendRuns(dst, bits []byte) []byte {
	for len(bits) > 0 {
		n := slices.IndexFunc(bits, func(v byte) bool { return v != bits[0] })
		if n < 0 {
			n = len(bits)
		}
		dst = append(binary.AppendUvarint(dst, uint64(n)), bits[0])
		bits = bits[n:]
	}
	return dst
}

func (r *reader) bits() []byte {
	n := int(r.upTo("length of the verdicts", pageBytes))
	if n == 0 {
		return nil
	}
	switch form := r.upTo("form of the verdicts", bitsRuns); {
	case r.err != nil:
		return nil
	case form == bitsPlain:
		return slices.Clone(r.take("verdicts", uint64(n)))
	}
	bits := make([]byte, 0, n)
	for len(bits) < n && r.err == nil {
		run := r.upTo("run of verdicts", uint64(n-len(bits)))
		value := r.take("verdicts", 1)
		switch {
		case r.err != nil:
		case run == 0:
			r.fail("run of no verdicts")
		default:
			bits = append(bits, slices.Repeat(value, int(run))...)
		}
	}
	return bits
}
