package consensus

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"tocsin/fsm"
)

// Bounds of what is proposed at once. Entries stay small, so that one can't
// hold up the others for long; with few entries under way at a time, writes
// that come in the meantime gather into the next one.
const (
	maxQueuedWrites   = 4096
	maxEntryCommands  = 512
	maxEntryBytes     = 256 << 10
	maxEntriesUnacked = 4
)

// write is what one caller wants committed, and where it waits for the answer.
type write struct {
	commands []fsm.Command
	answer   chan<- answer // buffered: answering never waits for the caller
	// taken is set once: by whoever puts the write into an entry, or by the
	// caller that gives up before. What was given up is never sent.
	taken *atomic.Bool
}

type answer struct {
	results []fsm.Result
	err     error
}

// proposals lets concurrent writes share entries. While fewer than
// maxEntriesUnacked entries are under way a write goes out at once, alone;
// beyond that, writes wait together and share the next entry.
type proposals struct {
	dialect fsm.Dialect
	queue   chan write // closed by nobody; bounds what waits
	// commit commits the commands as one entry and returns a result for each.
	commit func(context.Context, []fsm.Command) ([]fsm.Result, error)
}

func newProposals(dialect fsm.Dialect, commit func(context.Context, []fsm.Command) ([]fsm.Result, error)) *proposals {
	return &proposals{dialect: dialect, queue: make(chan write, maxQueuedWrites), commit: commit}
}

// propose waits until the commands were committed or ctx ends. Any number of
// goroutines may call it.
func (p *proposals) propose(ctx context.Context, commands []fsm.Command) ([]fsm.Result, error) {
	answers, taken := make(chan answer, 1), new(atomic.Bool)
	select {
	case p.queue <- write{commands, answers, taken}:
	case <-ctx.Done():
		return nil, errNotSent
	}
	select {
	case a := <-answers:
		return a.results, a.err
	case <-ctx.Done():
		if taken.CompareAndSwap(false, true) {
			return nil, errNotSent
		}
		return nil, ctx.Err()
	}
}

// errNotSent says that a caller's time ran out while its write waited for a
// place in an entry: nothing was done, and nothing will be.
var errNotSent = errors.New("the write waited too long for its turn: nothing was done")

// run carries writes until ctx ends, then waits for what is under way.
func (p *proposals) run(ctx context.Context) error {
	var underWay sync.WaitGroup
	defer underWay.Wait()
	free := make(chan struct{}, maxEntriesUnacked)
	var carried *write // was taken from the queue and did not fit
	for {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		if carried == nil {
			select {
			case w := <-p.queue:
				carried = &w
			case <-ctx.Done():
				return nil
			}
		}
		var batch []write
		batch, carried = p.gather(*carried)
		underWay.Go(func() {
			defer func() { <-free }()
			p.carry(ctx, claim(batch))
		})
	}
}

// gather returns first and what waits behind it, as far as it fits one entry,
// and the write that no longer did. Writes of two protocols never share one:
// where it can't be read, those that can be would be refused with the others. Nor
// do two that make an event: an entry has the id for one.
func (p *proposals) gather(first write) (batch []write, next *write) {
	batch = []write{first}
	commands, bytes := len(first.commands), weight(first.commands)
	takes := p.dialect.Takes(first.commands...)
	event := slices.ContainsFunc(first.commands, fsm.MakesEvent)
	for {
		select {
		case w := <-p.queue:
			commands, bytes = commands+len(w.commands), bytes+weight(w.commands)
			another := slices.ContainsFunc(w.commands, fsm.MakesEvent)
			if commands > maxEntryCommands || bytes > maxEntryBytes || p.dialect.Takes(w.commands...) != takes || event && another {
				return batch, &w
			}
			event = event || another
			batch = append(batch, w)
		default:
			return batch, nil
		}
	}
}

// claim returns the writes whose callers still wait. From here on they may be
// done, whatever the callers do.
func claim(batch []write) []write {
	return slices.DeleteFunc(batch, func(w write) bool { return !w.taken.CompareAndSwap(false, true) })
}

// weight estimates how long the commands are when encoded, in bytes.
func weight(commands []fsm.Command) int {
	total := 0
	for _, c := range commands {
		total += 512
		switch c := c.(type) {
		case fsm.SetEndpoint:
			total += len(c.Key) + len(c.Value)
			if c.Parents != nil {
				for _, parent := range *c.Parents {
					total += len(parent)
				}
			}
			if c.Labels != nil {
				for name, value := range *c.Labels {
					total += len(name) + len(value)
				}
			}
		case fsm.DeclareEndpoints:
			for _, d := range c.Endpoints {
				total += 512 + len(d.Key) + len(d.Value)
			}
		case fsm.RestoreConfiguration:
			for _, d := range c.Endpoints {
				total += 512 + len(d.Key) + len(d.Value)
			}
		case fsm.RecordOutcome:
			total += len(c.Outcome.Output)
		}
	}
	return total
}

// carry commits the writes of a batch as one entry. When one of them can't be
// written as an entry, the others shall not suffer for it: each goes alone.
func (p *proposals) carry(ctx context.Context, batch []write) {
	if len(batch) == 0 {
		return
	}
	var commands []fsm.Command
	for _, w := range batch {
		commands = append(commands, w.commands...)
	}
	results, err := p.commit(ctx, commands)
	if errors.Is(err, errUnwritable) && len(batch) > 1 {
		for _, w := range batch {
			p.carry(ctx, []write{w})
		}
		return
	}
	for _, w := range batch {
		if err != nil {
			w.answer <- answer{err: err}
			continue
		}
		w.answer <- answer{results: results[:len(w.commands):len(w.commands)]}
		results = results[len(w.commands):]
	}
}
