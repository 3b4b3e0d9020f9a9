//go:build linux

package hosttest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/clustertest/check"
	"tocsin/clustertest/replay"
	"tocsin/fsm"
	"tocsin/raftstore"
)

// Allowances for what is measured late.
const (
	// office is how long after a node has taken office its log may say so.
	office = 250 * time.Millisecond
	// scriptLag is how long after a node has decided to start a script the
	// script may write that it runs.
	scriptLag = 3 * time.Second
	// noted is how long after the end of a script the node's ledger may not
	// have it yet, slowNoted the same where the disk or the processor is slow.
	noted     = time.Second
	slowNoted = 15 * time.Second
)

// History waits until nothing moves any more, ends all nodes in good order, and
// makes a history of what they leave behind. The faults have to be over.
func (c *Cluster) History(ctx context.Context) (*check.History, error) {
	unsettled := c.unsettled(ctx)
	last, err := c.agree(ctx)
	if err != nil {
		return nil, err
	}
	states := map[string]string{}
	for _, n := range c.nodes {
		if states[n.name], err = n.digest(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", n.name, err)
		}
	}
	alive := c.record.now()
	c.bounded()
	c.stop(c.nodes...)
	c.watching.Wait()
	c.orphans()
	h := c.record.taken()
	h.Final = check.Final{At: alive, Unsettled: unsettled, States: states, Truth: c.world.all()}
	if err := c.addLog(&h, last); err != nil {
		return nil, err
	}
	for _, n := range c.nodes {
		if err := c.addLives(&h, n, alive); err != nil {
			return nil, err
		}
	}
	sortByTime(&h)
	cutShort(&h)
	h.Applied = later(h.Applied, scriptLag)
	matchSeen(&h)
	findRefusals(&h)
	return &h, nil
}

// addLog reads the logs of all nodes up to the last committed entry, compares
// them, and replays what they say.
func (c *Cluster) addLog(h *check.History, last uint64) error {
	merged := map[uint64]replay.Committed{}
	by := map[uint64]string{}
	for _, n := range c.nodes {
		entries, err := n.readLog(last)
		if err != nil {
			return err
		}
		for _, l := range entries {
			before, known := merged[l.Index]
			if !known {
				at := time.Duration(0)
				if !l.AppendedAt.IsZero() {
					at = c.record.at(l.AppendedAt)
				}
				merged[l.Index], by[l.Index] = replay.Committed{Log: l, At: at}, n.name
				continue
			}
			if before.Term != l.Term || string(before.Data) != string(l.Data) {
				h.Conflicts = append(h.Conflicts, fmt.Sprintf("at index %d %s holds an entry of term %d, and %s another one of term %d",
					l.Index, by[l.Index], before.Term, n.name, l.Term))
			}
		}
	}
	var log []replay.Committed
	for _, index := range slices.Sorted(maps.Keys(merged)) {
		log = append(log, merged[index])
	}
	view, err := replay.Log(h, log)
	if err != nil {
		return err
	}
	if view.Index() == 0 || uint64(len(log)) != last {
		return fmt.Errorf("the nodes hold %d entries, and %d were committed", len(log), last)
	}
	h.Final.Replayed = digestOf(view)
	h.Final.Endpoints = slices.Collect(view.Endpoints(""))
	for e := range view.AwaitingLeader() {
		h.Final.Unsettled = append(h.Final.Unsettled, fmt.Sprintf("event %d of %s awaits a run as leader", e.ID, e.Key))
	}
	return nil
}

// readLog reads the raft log of a node that has ended, up to an entry.
func (n *node) readLog(last uint64) (entries []*raft.Log, err error) {
	store, err := raftstore.Open(raftstore.Config{Path: filepath.Join(n.files(), "raft.db"), Owner: n.name})
	if err != nil {
		return nil, fmt.Errorf("read the log of %s: %w", n.name, err)
	}
	first, reached := store.Found()
	for index := first; index <= min(reached, last) && index > 0 && err == nil; index++ {
		l := &raft.Log{}
		if err = store.GetLog(index, l); err == nil {
			entries = append(entries, l)
		}
	}
	if closing := store.Close(); err == nil {
		err = closing
	}
	return entries, err
}

// addLives adds what the processes of a node have said and run. Those that ran
// when all was over count as alive.
func (c *Cluster) addLives(h *check.History, n *node, alive time.Duration) error {
	for _, l := range n.lives {
		life := l.Life
		if life.To >= alive {
			life.To = 0
		}
		if err := hear(h, &life, l.logName, c.record.at); err != nil {
			return err
		}
		h.Lives = append(h.Lives, life)
	}
	runs, err := n.readRuns(c.record.at)
	h.Runs = append(h.Runs, runs...)
	return err
}

func sortByTime(h *check.History) {
	slices.SortStableFunc(h.Runs, func(a, b check.Run) int { return int(a.From - b.From) })
	slices.SortStableFunc(h.Endings, func(a, b check.Ending) int { return int(a.At - b.At) })
	slices.SortStableFunc(h.Terms, func(a, b check.Term) int { return int(a.At - b.At) })
	slices.SortStableFunc(h.Writes, func(a, b check.Write) int { return int(a.To - b.To) })
}

// cutShort marks the runs that ended with their process, and of those that were
// run again the ones that ended so shortly before it that the ledger need not
// have noted their end.
func cutShort(h *check.History) {
	for i := range h.Runs {
		r := &h.Runs[i]
		for _, l := range h.Lives {
			if l.Node != r.Node || l.Number != r.Life || l.To == 0 {
				continue
			}
			again := slices.ContainsFunc(h.Runs[i+1:], func(o check.Run) bool { return o.Node == r.Node && o.Event == r.Event })
			r.Cut = r.End == 0 || again && r.End > l.To-notes(h, l)
			r.End = cmp.Or(r.End, l.To)
		}
	}
}

// notes returns how long before its end the ledger of a process was behind.
func notes(h *check.History, l check.Life) time.Duration {
	slow := slices.ContainsFunc(h.Faults, func(f check.Fault) bool {
		return strings.HasPrefix(f.What, slowly(l.Node)) && f.At < l.To && f.At > l.To-slowNoted-maxFault
	})
	switch {
	case !l.Killed:
		return 0
	case slow:
		return slowNoted
	}
	return noted
}

// slowly begins what is said of a fault that makes a node slow to note things.
func slowly(node string) string { return node + " is slow: " }

func later(all []check.Applied, by time.Duration) []check.Applied {
	all = slices.Clone(all)
	for i := range all {
		all[i].At += by
	}
	return all
}

// matchSeen puts the log's own events in the place of those that were seen and
// say the same. The API rounds; what agrees when rounded agrees.
func matchSeen(h *check.History) {
	byID := map[uint64]*fsm.Event{}
	for _, e := range h.Events {
		byID[e.ID] = e.Event
	}
	for i, s := range h.Seen {
		if e, known := byID[s.Event.ID]; known && text(rounded(e)) == text(rounded(s.Event)) {
			h.Seen[i].Event = e
		}
	}
}

// findRefusals finds the entries of the deletions that were refused, which the
// API does not name.
func findRefusals(h *check.History) {
	for i, w := range h.Writes {
		deletion, is := w.Command.(fsm.DeleteEndpoint)
		if w.Refused == "" || !is {
			continue
		}
		for _, e := range h.Log {
			if e.At >= w.From && e.At <= w.To && slices.Contains(e.Commands, fsm.Command(deletion)) {
				h.Writes[i].Index = e.Index
			}
		}
	}
}
