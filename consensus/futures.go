package consensus

import (
	"context"
	"reflect"
	"sync"

	"github.com/hashicorp/raft"
)

// futures waits for what raft was asked for. The zero value is not ready: see
// newFutures. Any goroutine may call await.
type futures struct {
	ended  chan struct{} // closed when raft answers nothing any more
	ending sync.Once
}

func newFutures() *futures { return &futures{ended: make(chan struct{})} }

// await waits for a future, but not longer than ctx: futures can hang when the
// leader's disk does. What is left behind then is one goroutine, until raft
// answers or ends.
func (f *futures) await(ctx context.Context, future raft.Future) error {
	f.endWithRaft(future)
	done := make(chan error, 1)
	go func() { done <- future.Error() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// endWithRaft has a future end when raft does. Raft's futures have a field for
// that, but raft sets it in few of them, and never answers the others that it
// has not come to when it is shut down: whoever waits would do so for ever.
func (f *futures) endWithRaft(future raft.Future) {
	of := reflect.Indirect(reflect.ValueOf(future))
	if of.Kind() != reflect.Struct {
		return
	}
	if end := of.FieldByName("ShutdownCh"); end.IsValid() && end.CanSet() && end.IsNil() {
		end.Set(reflect.ValueOf(f.ended))
	}
}

// end is called when raft has been shut down. It may be called again.
func (f *futures) end() { f.ending.Do(func() { close(f.ended) }) }
