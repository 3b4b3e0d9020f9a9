package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"tocsin/node"
)

// untilStopped runs the node until SIGINT or SIGTERM. The second signal finds
// the usual disposition back in place, and ends the process at once. SIGHUP has
// the file read again; it is heard from the start, and heeded once the node is
// up.
func (a app) untilStopped(ctx context.Context, cfg node.Config, r *reloader) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	hangups := make(chan os.Signal, 1) // one reading heeds all before it
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)

	byHand := hasTerminal()
	return a.run(ctx, cfg, func(ctx context.Context, n reloadable) {
		for {
			select {
			case <-hangups:
			case <-ctx.Done():
				return
			}
			if byHand && !hasTerminal() {
				stop() // it was closed, and nobody can see or stop the node any more
				return
			}
			r.reloadAndTell(n)
		}
	})
}

// hasTerminal reports whether this process belongs to a terminal. After that
// was closed it does not.
func hasTerminal() bool {
	terminal, err := os.OpenFile("/dev/tty", os.O_RDONLY|syscall.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	_ = terminal.Close()
	return true
}
