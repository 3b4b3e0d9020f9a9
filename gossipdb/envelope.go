package gossipdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"
)

// A ballot travels in an envelope that says how old it is: the time it was
// kept by all the nodes that passed it on. The age has a fixed width, because
// it is written anew each time a queued message goes out and the queue relies
// on the length staying the same.
const (
	envelopeFormat = 1
	envelopeHeader = 1 + 4 // format, age in milliseconds
	stateFormat    = 1
)

// maxAge is the largest age an envelope can carry; it means "or older".
const maxAge = math.MaxUint32 * time.Millisecond

// appendEnvelope appends the envelope of an encoded ballot that is age old.
// The age is rounded up, and clamped to what fits: never less than it is.
func appendEnvelope(dst, ballot []byte, age time.Duration) []byte {
	age = clampAge(age)
	millis := (age + time.Millisecond - 1) / time.Millisecond
	dst = append(dst, envelopeFormat)
	dst = binary.BigEndian.AppendUint32(dst, uint32(millis))
	return append(dst, ballot...)
}

// decodeEnvelope decodes what appendEnvelope made.
func decodeEnvelope(data []byte) (*Ballot, time.Duration, error) {
	if len(data) < envelopeHeader {
		return nil, 0, errors.New("decode envelope: it is cut off")
	}
	if data[0] != envelopeFormat {
		return nil, 0, fmt.Errorf("decode envelope: format %d, this build reads %d", data[0], envelopeFormat)
	}
	age := time.Duration(binary.BigEndian.Uint32(data[1:])) * time.Millisecond
	b, err := DecodeBallot(data[envelopeHeader:])
	if err != nil {
		return nil, 0, err
	}
	return b, age, nil
}

func clampAge(age time.Duration) time.Duration { return max(0, min(age, maxAge)) }

// appendState appends to dst the state that push/pull exchanges: envelopes one
// after the other, each after its length. It stops before dst would grow
// beyond limit bytes and returns how many were left out.
func appendState(dst []byte, ballots iter.Seq[Held], now time.Time, limit int) (state []byte, omitted int) {
	dst = append(dst, stateFormat)
	var encoded, envelope []byte
	for h := range ballots {
		encoded = h.Ballot.Append(encoded[:0])
		envelope = appendEnvelope(envelope[:0], encoded, now.Sub(h.MadeAt))
		if len(dst)+binary.MaxVarintLen32+len(envelope) > limit {
			omitted++
			continue
		}
		dst = binary.AppendUvarint(dst, uint64(len(envelope)))
		dst = append(dst, envelope...)
	}
	return dst, omitted
}

// decodeState yields the envelopes of a state, undecoded, and whether the
// state was whole up to there. The last pair after a fault is (nil, false).
func decodeState(data []byte) iter.Seq2[[]byte, bool] {
	return func(yield func([]byte, bool) bool) {
		if len(data) == 0 || data[0] != stateFormat {
			yield(nil, false)
			return
		}
		for rest := data[1:]; len(rest) > 0; {
			n, width := binary.Uvarint(rest)
			if width <= 0 || n > uint64(len(rest)-width) {
				yield(nil, false)
				return
			}
			rest = rest[width:]
			if !yield(rest[:n], true) {
				return
			}
			rest = rest[n:]
		}
	}
}
