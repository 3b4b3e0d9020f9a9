package gossipdb

import (
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/health"
)

// The limits of a ballot. Together they keep the largest one, with all that
// the wire adds to it, below 1300 bytes: it fits one packet.
const (
	PageSlots  = 2048 // slots in a page
	MaxPages   = 64   // pages of a node; slots from MaxPages*PageSlots on can't be voted on
	MaxReasons = 8    // reasons in a ballot
	MaxReason  = 64   // bytes of a reason, and of an abstention
	MaxNode    = 64   // bytes of a node's name

	pageBytes = PageSlots / 4
)

// Ballot holds the verdicts of one node about one page of slots. It is
// immutable: whoever got hold of one may keep and share it.
type Ballot struct {
	Node     string // whose verdicts these are
	Epoch    uint64 // grows with every start of the node; never 0
	Sequence uint64 // grows with every ballot of the epoch
	Index    uint64 // raft index of the endpoints the verdicts were made from
	Page     uint16 // slots Page*PageSlots up to the next page

	// Bits holds two bits a slot, the first slot in the lowest bits of the
	// first byte. Trailing zero bytes are left off.
	Bits []byte

	// Reasons are of the newest changes that are not UP, in order of slots.
	Reasons []Reason

	// Abstains says why the node doubts itself, and so has a verdict about
	// nothing: one line of up to MaxReason bytes, valid UTF-8. It is empty as
	// long as the node does not. With it there are no Bits and no Reasons, so
	// that no reader can count what is not meant to count.
	Abstains string

	// Signature is that of the node, over all of the above and its cluster; nil
	// if it has no key. See sign.go.
	Signature []byte
}

// Reason says why a slot has its verdict.
type Reason struct {
	Slot uint32
	Text string // one line of 1 to MaxReason bytes, valid UTF-8
}

// Version orders the ballots of one node and page.
type Version struct {
	Epoch, Sequence uint64
}

// Compare returns -1, 0 or 1 as v is older than, the same as, or newer than o.
func (v Version) Compare(o Version) int {
	return cmp.Or(cmp.Compare(v.Epoch, o.Epoch), cmp.Compare(v.Sequence, o.Sequence))
}

// PageOf returns the page that slot is on. Slots beyond MaxPages give a page
// that no ballot has.
func PageOf(slot uint32) uint16 { return uint16(min(slot/PageSlots, math.MaxUint16)) }

// Version returns the place of b among the ballots of its node and page.
func (b *Ballot) Version() Version { return Version{b.Epoch, b.Sequence} }

// Newer reports whether b was made after than, of the same node and page.
func (b *Ballot) Newer(than *Ballot) bool { return b.Version().Compare(than.Version()) > 0 }

// Verdict returns the verdict about slot: Unknown if it is on another page.
func (b *Ballot) Verdict(slot uint32) health.Status {
	if slot/PageSlots != uint32(b.Page) {
		return health.Unknown
	}
	return verdictAt(b.Bits, slot%PageSlots)
}

// Reason returns why slot has its verdict, "" if the ballot doesn't say. All
// that an abstaining node says about anything is why it abstains.
func (b *Ballot) Reason(slot uint32) string {
	if b.Abstains != "" && slot/PageSlots == uint32(b.Page) {
		return abstaining + b.Abstains
	}
	for _, r := range b.Reasons {
		if r.Slot == slot {
			return r.Text
		}
	}
	return ""
}

// Slots yields the slots whose verdict is not Unknown, in order.
func (b *Ballot) Slots() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for slot := range setSlots(b.Page, len(b.Bits), func(i int) byte { return b.Bits[i] }) {
			if !yield(slot) {
				return
			}
		}
	}
}

// Validate reports why b can't be held or sent, nil if it can.
func (b *Ballot) Validate() error {
	switch {
	case b.Node == "" || len(b.Node) > MaxNode:
		return fmt.Errorf("name of the node has %d bytes, want 1 to %d", len(b.Node), MaxNode)
	case !plain(b.Node):
		return fmt.Errorf("name of the node %q is not plain text", b.Node)
	case b.Epoch == 0:
		return errors.New("epoch is 0: its node was not registered yet")
	case b.Page >= MaxPages:
		return fmt.Errorf("page %d, want less than %d", b.Page, MaxPages)
	case len(b.Bits) > pageBytes:
		return fmt.Errorf("%d bytes of verdicts, want at most %d", len(b.Bits), pageBytes)
	case len(b.Signature) != 0 && len(b.Signature) != ed25519.SignatureSize:
		return fmt.Errorf("signature has %d bytes, want %d", len(b.Signature), ed25519.SignatureSize)
	case len(b.Bits) > 0 && b.Bits[len(b.Bits)-1] == 0:
		return errors.New("verdicts end in a zero byte")
	}
	for i, v := range b.Bits {
		if v&(v>>1)&0x55 != 0 {
			return fmt.Errorf("byte %d of the verdicts, %#x, holds one that has no name", i, v)
		}
	}
	return errors.Join(b.validateReasons(), b.validateAbstention())
}

func (b *Ballot) validateReasons() error {
	if len(b.Reasons) > MaxReasons {
		return fmt.Errorf("%d reasons, want at most %d", len(b.Reasons), MaxReasons)
	}
	for i, r := range b.Reasons {
		switch {
		case r.Slot/PageSlots != uint32(b.Page):
			return fmt.Errorf("reason for slot %d, which is not on page %d", r.Slot, b.Page)
		case i > 0 && r.Slot <= b.Reasons[i-1].Slot:
			return fmt.Errorf("reason for slot %d after that for slot %d", r.Slot, b.Reasons[i-1].Slot)
		case r.Text == "" || len(r.Text) > MaxReason:
			return fmt.Errorf("reason has %d bytes, want 1 to %d", len(r.Text), MaxReason)
		case !plain(r.Text):
			return fmt.Errorf("reason %q is not plain text", r.Text)
		}
	}
	return nil
}

func (b *Ballot) validateAbstention() error {
	switch {
	case b.Abstains == "":
		return nil
	case len(b.Abstains) > MaxReason:
		return fmt.Errorf("abstention has %d bytes, want at most %d", len(b.Abstains), MaxReason)
	case !plain(b.Abstains):
		return fmt.Errorf("abstention %q is not plain text", b.Abstains)
	case len(b.Bits) > 0 || len(b.Reasons) > 0:
		return errors.New("it abstains, and has verdicts all the same")
	}
	return nil
}

// plain reports whether text is valid UTF-8 without control characters: it
// will be shown on terminals, and may come from anybody.
func plain(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, unicode.IsControl) < 0
}

func verdictAt(bits []byte, i uint32) health.Status {
	if int(i/4) >= len(bits) {
		return health.Unknown
	}
	return health.Status(bits[i/4] >> (i % 4 * 2) & 3)
}

// setSlots yields the slots of page whose two bits in at(0), at(1) … at(n-1)
// are not both zero.
func setSlots(page uint16, n int, at func(int) byte) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		first := uint32(page) * PageSlots
		for i := range n {
			v := at(i)
			for j := uint32(0); v != 0; j, v = j+1, v>>2 {
				if v&3 != 0 && !yield(first+uint32(i)*4+j) {
					return
				}
			}
		}
	}
}

// abstaining begins the reason of every vote of a ballot that abstains.
const abstaining = "abstains: "

// Abstaining reports whether a vote with that reason is one that abstains.
func Abstaining(reason string) bool { return strings.HasPrefix(reason, abstaining) }
