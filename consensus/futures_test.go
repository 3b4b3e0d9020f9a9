package consensus

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// TestFutures_NobodyWaitsForARaftThatHasEnded: synctest fails if a goroutine is
// left behind. Should it, raft's futures have changed: see endWithRaft.
func TestFutures_NobodyWaitsForARaftThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFutures()
		store := raft.NewInmemStore()
		_, transport := raft.NewInmemTransport("n1")
		config := raft.DefaultConfig()
		config.LocalID, config.Logger = "n1", hclog.NewNullLogger()
		config.BatchApplyCh = true // with room for what nobody takes
		r, err := raft.NewRaft(config, nil, store, store, raft.NewDiscardSnapshotStore(), transport)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.await(t.Context(), r.Shutdown()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		// Raft takes some of them although nobody is there to answer.
		for range 20 {
			for _, future := range []raft.Future{r.Apply(nil, time.Second), r.VerifyLeader(), r.Barrier(time.Second)} {
				go func() {
					if err := f.await(ctx, future); err == nil || errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("a raft that has ended answers %v", err)
					}
				}()
			}
		}
		synctest.Wait()
		f.end()
		f.end()
	})
}
