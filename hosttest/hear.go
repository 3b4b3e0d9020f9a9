//go:build linux

package hosttest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"tocsin/clustertest/check"
	"tocsin/fsm"
)

// said is a line of a node's log, with what any of those lines say that tell
// something for a history.
type said struct {
	Time    time.Time  `json:"time"`
	Message string     `json:"msg"`
	Epoch   uint64     `json:"epoch"`
	Term    uint64     `json:"term"`
	Event   uint64     `json:"event"`
	Key     string     `json:"key"`
	Ending  fsm.Ending `json:"ending"`
	Role    fsm.Role   `json:"role"`
	Attempt int        `json:"attempt"`
	After   uint64     `json:"after_event"`
	To      uint64     `json:"to_event"`
	Cursor  uint64     `json:"cursor"`
}

// longestLine bounds a line of a log.
const longestLine = 1 << 20

// hear reads the log of one process, and adds what it tells to h. What the node
// says to the operator is part of what it promises.
func hear(h *check.History, l *check.Life, name string, at func(time.Time) time.Duration) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var s said
		// What is no JSON is the last word of a process that failed.
		if json.Unmarshal(lines.Bytes(), &s) == nil {
			s.note(h, l, at(s.Time))
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

func (s said) note(h *check.History, l *check.Life, at time.Duration) {
	switch s.Message {
	case "this node takes part":
		l.Epoch = s.Epoch
	case "this node leads":
		h.Terms = append(h.Terms, check.Term{Node: l.Node, Number: s.Term, At: at - office})
	case "notification ended", "notification given up: this machine was not told, see to it by hand":
		h.Endings = append(h.Endings, check.Ending{
			Node: l.Node, Life: l.Number, Event: s.Event, Key: s.Key, Ending: s.Ending, Role: s.Role, Attempt: s.Attempt, At: at,
		})
	case "events were missed: the cluster no longer keeps them; what is so now is notified where it differs from what this node acted on last":
		h.Gaps = append(h.Gaps, check.Gap{Node: l.Node, After: s.After, Before: s.To + 1, At: at})
	case "the disk is new but the node's name is not: it begins at the newest event, as a new node does":
		h.Gaps = append(h.Gaps, check.Gap{Node: l.Node, Before: s.Cursor + 1, At: at})
	}
}
