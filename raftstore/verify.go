package raftstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// logBucket is where raft-boltdb keeps the log.
const logBucket = "logs"

// The stable values. Those of raft are raft's own words for them.
var (
	keyTerm     = []byte("CurrentTerm")
	keyVoteTerm = []byte("LastVoteTerm")
	keyVote     = []byte("LastVoteCand")
	keyOwner    = []byte("TocsinNode")
)

// progressPause is how often a long verification says how far it is.
const progressPause = 2 * time.Second

// ErrForeign is the error of a store that another node has marked as its own.
var ErrForeign = errors.New("it belongs to another node")

// run is a part of the log without a gap.
type run struct{ first, last uint64 }

// runs is a whole log, in order. Raft leaves a gap when a follower gets a
// snapshot that reaches beyond its log: what is before the last gap is of no
// more use, since the snapshot covers it.
type runs []run

// visit is a boltcheck.Visit that notes which entries there are.
func (r *runs) visit(bucket string, key []byte) {
	if bucket != logBucket || len(key) != 8 {
		return
	}
	index := binary.BigEndian.Uint64(key)
	if last := len(*r) - 1; last >= 0 && (*r)[last].last+1 == index {
		(*r)[last].last = index
		return
	}
	*r = append(*r, run{index, index})
}

func (r runs) count() (n uint64) {
	for _, each := range r {
		n += each.last - each.first + 1
	}
	return n
}

// Found returns the first and the last entry of the part of the log behind its
// last gap, as it was when the Store was opened; 0 and 0 if it was empty.
func (s *Store) Found() (first, last uint64) {
	if len(s.found) == 0 {
		return 0, 0
	}
	newest := s.found[len(s.found)-1]
	return newest.first, newest.last
}

// verify reads every record once. The log is bounded by raft's compaction, and
// one entry at a time is held.
func (s *Store) verify(progress func(verified, all uint64)) error {
	term, err := s.verifyValues()
	if err != nil {
		return err
	}
	all, verified, told := s.found.count(), uint64(0), time.Now()
	for _, part := range s.found {
		var before raft.Log
		for index := part.first; index <= part.last; index++ {
			var l raft.Log
			if err := s.GetLog(index, &l); err != nil {
				return s.damage("%w", err)
			}
			if l.Term < before.Term || l.Term > term {
				return s.damage("entry %d of the log is of term %d, the one before it of term %d, and the term that it remembers is %d", index, l.Term, before.Term, term)
			}
			before = l
			verified++
			if progress != nil && time.Since(told) > progressPause {
				told = time.Now()
				progress(verified, all)
			}
		}
	}
	return nil
}

// verifyValues reads the stable values and returns the term, 0 if there is none
// yet.
func (s *Store) verifyValues() (term uint64, err error) {
	term, err = optional(s.GetUint64(keyTerm))
	if err != nil {
		return 0, err
	}
	voted, err := optional(s.GetUint64(keyVoteTerm))
	if err != nil {
		return 0, err
	}
	if voted > term {
		return 0, s.damage("it remembers a vote in term %d, but the term that it remembers is %d", voted, term)
	}
	for _, key := range [][]byte{keyVote, keyOwner} {
		if _, err := optional(s.Get(key)); err != nil {
			return 0, err
		}
	}
	return term, nil
}

// claim marks a new store with the name of its node, and refuses that of
// another.
func (s *Store) claim(owner string) error {
	if owner == "" {
		return nil
	}
	found, err := s.Owner()
	switch {
	case err != nil:
		return err
	case found == "":
		return s.Set(keyOwner, []byte(owner))
	case found != owner:
		return fmt.Errorf("%s: %w: it is that of %q, and this is %q", s.path, ErrForeign, found, owner)
	}
	return nil
}

// Owner returns the name of the node whose store it is, "" if it has none yet.
func (s *Store) Owner() (string, error) {
	owner, err := optional(s.Get(keyOwner))
	return string(owner), err
}

// Term returns the newest term that raft has heard of, 0 if there is none yet.
func (s *Store) Term() (uint64, error) { return optional(s.GetUint64(keyTerm)) }

// SetTerm makes raft believe that it has heard of a term.
func (s *Store) SetTerm(term uint64) error { return s.SetUint64(keyTerm, term) }

// optional turns the error of what is not there into its zero value.
func optional[V any](value V, err error) (V, error) {
	if errors.Is(err, errNotFound) {
		var zero V
		return zero, nil
	}
	return value, err
}
