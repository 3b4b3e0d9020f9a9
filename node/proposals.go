package node

import (
	"context"
	"sync"

	"tocsin/fsm"
)

// Bounds of what is proposed at once. Entries stay small, so that one can't
// hold up the others for long; with few entries under way at a time, writes
// that come in the meantime gather into the next one.
const (
	maxQueuedWrites   = 4096
	maxEntryCommands  = 512
	maxEntryBytes     = 512 << 10
	maxEntriesUnacked = 4
)

// write is what one caller wants committed, and where it waits for the answer.
type write struct {
	commands []fsm.Command
	answer   chan<- answer // buffered: answering never waits for the caller
}

type answer struct {
	results []fsm.Result
	err     error
}

// proposals lets concurrent writes share entries. While fewer than
// maxEntriesUnacked entries are under way a write goes out at once, alone;
// beyond that, writes wait together and share the next entry.
type proposals struct {
	queue chan write // closed by nobody; bounds what waits
	// commit commits the commands as one entry and returns a result for each.
	commit func(context.Context, []fsm.Command) ([]fsm.Result, error)
}

func newProposals(commit func(context.Context, []fsm.Command) ([]fsm.Result, error)) *proposals {
	return &proposals{queue: make(chan write, maxQueuedWrites), commit: commit}
}

// propose waits until the commands were committed or ctx ends. Any number of
// goroutines may call it.
func (p *proposals) propose(ctx context.Context, commands []fsm.Command) ([]fsm.Result, error) {
	answers := make(chan answer, 1)
	select {
	case p.queue <- write{commands, answers}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case a := <-answers:
		return a.results, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

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
			p.carry(ctx, batch)
		})
	}
}

// gather returns first and what waits behind it, as far as it fits one entry,
// and the write that no longer did.
func (p *proposals) gather(first write) (batch []write, next *write) {
	batch = []write{first}
	commands, bytes := len(first.commands), weight(first.commands)
	for {
		select {
		case w := <-p.queue:
			commands, bytes = commands+len(w.commands), bytes+weight(w.commands)
			if commands > maxEntryCommands || bytes > maxEntryBytes {
				return batch, &w
			}
			batch = append(batch, w)
		default:
			return batch, nil
		}
	}
}

// weight estimates how long the commands are when encoded, in bytes.
func weight(commands []fsm.Command) int {
	total := 0
	for _, c := range commands {
		total += 512
		switch c := c.(type) {
		case fsm.SetEndpoint:
			total += len(c.Key) + len(c.Value)
		case fsm.RecordOutcome:
			total += len(c.Outcome.Output)
		}
	}
	return total
}

func (p *proposals) carry(ctx context.Context, batch []write) {
	var commands []fsm.Command
	for _, w := range batch {
		commands = append(commands, w.commands...)
	}
	results, err := p.commit(ctx, commands)
	for _, w := range batch {
		if err != nil {
			w.answer <- answer{err: err}
			continue
		}
		w.answer <- answer{results: results[:len(w.commands):len(w.commands)]}
		results = results[len(w.commands):]
	}
}
