package cli

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"tocsin/cli/screen"
)

// untilInterrupted returns a context that ends when somebody stops the command.
func untilInterrupted(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}

// readerPause is how often it is asked whether somebody still reads.
const readerPause = time.Second

// whileRead returns a context that ends when somebody stops the command, or nobody
// reads what it prints any more: "tocsin status --watch | head" is to end with head,
// and not when there is something to print next.
func (a app) whileRead(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := untilInterrupted(ctx)
	var asking sync.WaitGroup
	asking.Go(func() {
		tick := time.NewTicker(readerPause)
		defer tick.Stop()
		for !screen.Unread(a.stdout) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
		stop()
	})
	return ctx, func() { stop(); asking.Wait() }
}
