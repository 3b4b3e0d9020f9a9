package gossipdb

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
)

// ballotFormat is the first byte of an encoded ballot. Another number is
// refused: a build that changes the format must still speak the old one while
// a cluster is upgraded node by node.
const ballotFormat = 1

// maxBallot is more than any valid ballot takes: what is larger is not looked at.
const maxBallot = 2 << 10

// Append appends the encoding of b to dst and returns the result. It may be
// decoded again if b is valid (see Validate).
//
//	format byte
//	node: length, bytes
//	epoch, sequence, index, page
//	verdicts: see appendBits
//	reasons: number, then each: slot within the page, length, bytes
//	abstention: length, bytes; of length 0 if there is none
//	signature: length, bytes; of length 0 if there is none
//
// All numbers are unsigned varints.
func (b *Ballot) Append(dst []byte) []byte {
	return appendString(b.appendUnsigned(dst), string(b.Signature))
}

// appendUnsigned appends all of the encoding but the signature.
func (b *Ballot) appendUnsigned(dst []byte) []byte {
	dst = append(dst, ballotFormat)
	dst = appendString(dst, b.Node)
	dst = binary.AppendUvarint(dst, b.Epoch)
	dst = binary.AppendUvarint(dst, b.Sequence)
	dst = binary.AppendUvarint(dst, b.Index)
	dst = binary.AppendUvarint(dst, uint64(b.Page))
	dst = appendBits(dst, b.Bits)
	dst = binary.AppendUvarint(dst, uint64(len(b.Reasons)))
	for _, r := range b.Reasons {
		dst = binary.AppendUvarint(dst, uint64(r.Slot%PageSlots))
		dst = appendString(dst, r.Text)
	}
	return appendString(dst, b.Abstains)
}

// DecodeBallot decodes what Append made. It refuses everything else: unknown
// formats, numbers out of bounds, bytes left over, and every second way of
// writing the same ballot, so that equal ballots are equal bytes. The ballot
// keeps no part of data.
func DecodeBallot(data []byte) (*Ballot, error) {
	if len(data) == 0 {
		return nil, errors.New("decode ballot: it is empty")
	}
	if len(data) > maxBallot {
		return nil, fmt.Errorf("decode ballot: it has %d bytes, want at most %d", len(data), maxBallot)
	}
	if data[0] != ballotFormat {
		return nil, fmt.Errorf("decode ballot: format %d, this build reads %d", data[0], ballotFormat)
	}
	r := reader{rest: data[1:]}
	b := r.ballot()
	if r.err != nil {
		return nil, fmt.Errorf("decode ballot: %w", r.err)
	}
	if err := b.Validate(); err != nil {
		return nil, fmt.Errorf("decode ballot: %w", err)
	}
	if !bytes.Equal(b.Append(make([]byte, 0, len(data))), data) {
		return nil, errors.New("decode ballot: not written the one way it should be")
	}
	return b, nil
}

// reader takes a ballot apart. After the first fault every further read
// returns zero values, and err tells of the fault.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) ballot() *Ballot {
	b := &Ballot{
		Node:     r.text("name of the node", MaxNode),
		Epoch:    r.number("epoch"),
		Sequence: r.number("sequence"),
		Index:    r.number("index"),
		Page:     uint16(r.upTo("page", MaxPages-1)),
		Bits:     r.bits(),
	}
	n := r.upTo("number of reasons", MaxReasons)
	for range n {
		slot := uint32(b.Page)*PageSlots + uint32(r.upTo("slot of a reason", PageSlots-1))
		b.Reasons = append(b.Reasons, Reason{Slot: slot, Text: r.text("reason", MaxReason)})
	}
	b.Abstains = r.text("abstention", MaxReason)
	if signature := r.text("signature", ed25519.SignatureSize); signature != "" {
		b.Signature = []byte(signature)
	}
	if len(r.rest) > 0 {
		r.fail("%d bytes are left over", len(r.rest))
	}
	return b
}

func (r *reader) number(what string) uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail("%s is cut off or too large", what)
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) upTo(what string, most uint64) uint64 {
	v := r.number(what)
	if v > most {
		r.fail("%s is %d, want at most %d", what, v, most)
		return 0
	}
	return v
}

func (r *reader) text(what string, most uint64) string {
	return string(r.take(what, r.upTo(what, most)))
}

func (r *reader) take(what string, n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail("%s is cut off", what)
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

// fail notes the first fault and ends the reading.
func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.rest = nil
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}
