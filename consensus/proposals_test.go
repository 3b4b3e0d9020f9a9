package consensus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/fsm"
)

func set(key string) []fsm.Command { return []fsm.Command{fsm.SetEndpoint{Key: key, Value: "v"}} }

// slowly commits entries one after the other and remembers how many commands
// each held. The index of a result tells which command it answers.
type slowly struct {
	mu      sync.Mutex
	entries []int
	most    int
	running int
}

func (s *slowly) commit(ctx context.Context, commands []fsm.Command) ([]fsm.Result, error) {
	s.mu.Lock()
	s.entries = append(s.entries, len(commands))
	s.running++
	s.most = max(s.most, s.running)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.running--
		s.mu.Unlock()
	}()
	select {
	case <-time.After(10 * time.Millisecond):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	results := make([]fsm.Result, len(commands))
	for i, c := range commands {
		if _, err := fmt.Sscanf(c.(fsm.SetEndpoint).Key, "k%d", &results[i].Index); err != nil {
			return nil, err
		}
	}
	return results, nil
}

func TestProposals_ConcurrentWritesShareEntriesAndGetTheirOwnAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s slowly
		p := newProposals(fsm.Dialect{}, s.commit)
		ctx, cancel := context.WithCancel(t.Context())
		var running, writers sync.WaitGroup
		running.Go(func() { _ = p.run(ctx) })
		const n = 1000
		for i := range n {
			writers.Go(func() {
				results, err := p.propose(ctx, set(fmt.Sprintf("k%d", i)))
				if err != nil || len(results) != 1 || results[0].Index != uint64(i) {
					t.Errorf("write %d was answered %v, %v", i, results, err)
				}
			})
		}
		writers.Wait()
		cancel()
		running.Wait()
		total := 0
		for _, e := range s.entries {
			total += e
			if e > maxEntryCommands {
				t.Errorf("an entry of %d commands, at most %d may share one", e, maxEntryCommands)
			}
		}
		if total != n || len(s.entries) > 20 {
			t.Errorf("%d writes in %d entries (%v), want %d in few", total, len(s.entries), s.entries, n)
		}
		if s.most > maxEntriesUnacked {
			t.Errorf("%d entries under way at once, at most %d may be", s.most, maxEntriesUnacked)
		}
	})
}

func TestProposals_AFailedEntryFailsAllThatSharedIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := errors.New("lost")
		p := newProposals(fsm.Dialect{}, func(context.Context, []fsm.Command) ([]fsm.Result, error) { return nil, lost })
		ctx, cancel := context.WithCancel(t.Context())
		var running, writers sync.WaitGroup
		running.Go(func() { _ = p.run(ctx) })
		for i := range 10 {
			writers.Go(func() {
				if _, err := p.propose(ctx, set(fmt.Sprintf("k%d", i))); !errors.Is(err, lost) {
					t.Errorf("write %d was answered %v", i, err)
				}
			})
		}
		writers.Wait()
		cancel()
		running.Wait()
	})
}

func TestProposals_ACallerIsNotKeptBeyondItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProposals(fsm.Dialect{}, func(ctx context.Context, _ []fsm.Command) ([]fsm.Result, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = p.run(ctx) })
		patience, done := context.WithTimeout(ctx, time.Second)
		defer done()
		started := time.Now()
		if _, err := p.propose(patience, set("k1")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the answer is %v, want that the deadline is exceeded", err)
		}
		if waited := time.Since(started); waited != time.Second {
			t.Errorf("the caller was kept for %v, want 1s", waited)
		}
		cancel()
		running.Wait()
	})
}

func TestProposals_BigWritesDoNotShareAnEntry(t *testing.T) {
	big := write{commands: []fsm.Command{fsm.SetEndpoint{Key: "k1", Value: string(make([]byte, maxEntryBytes-1000))}}}
	p := newProposals(fsm.Dialect{}, nil)
	p.queue <- big
	batch, next := p.gather(big)
	if len(batch) != 1 || next == nil {
		t.Errorf("%d writes share an entry, next is %v; want 1 and the other one left", len(batch), next)
	}
}
