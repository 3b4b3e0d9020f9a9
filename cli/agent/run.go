package agent

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"tocsin/node"
	"tocsin/systemd"
)

// Running is a node that runs.
type Running interface {
	reloadable
	// Stalled says what stands still, nil if nothing does.
	Stalled() error
}

// Runner runs a node until ctx ends, and beside it what is to run beside it.
type Runner func(ctx context.Context, cfg node.Config, beside func(context.Context, Running)) error

// Run runs the node that g names until it is told to stop, by run. Its log goes
// to log. It reads again what g names whenever it is told to.
func Run(ctx context.Context, g *Given, log io.Writer, version string, run Runner) error {
	l, err := g.load()
	if err != nil {
		return Misconfigured{err}
	}
	live := newLiveLog(log, l.log)
	cfg := l.Node
	cfg.Version, cfg.Logger, cfg.Log = version, live.logger, live.ring
	r := newReloader(g, live, l.Settings)
	cfg.Process = r
	live.logger.Info("this agent starts", "node", cfg.Name, "version", version, "site", cfg.Site, "file", g.file())
	if err := untilStopped(ctx, cfg, r, run); err != nil {
		return fmt.Errorf("node %s: %w", cfg.Name, err)
	}
	return nil
}

// Misconfigured is an error of what the agent was told: nothing was touched.
type Misconfigured struct{ error }

func (m Misconfigured) Unwrap() error { return m.error }

// untilStopped runs the node until SIGINT or SIGTERM. The second signal finds
// the usual disposition back in place, and ends the process at once. SIGHUP has
// the file read again; it is heard from the start, and heeded once the node is
// up.
func untilStopped(ctx context.Context, cfg node.Config, r *reloader, run Runner) error {
	manager, err := systemd.Find(os.Getenv, os.Getpid())
	if err != nil {
		return err
	}
	defer manager.Close() // nothing is written by it: there is no error to miss
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	hangups := make(chan os.Signal, 1) // one reading heeds all before it
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)

	byHand := hasTerminal()
	return run(ctx, cfg, func(ctx context.Context, n Running) {
		r.attach(n)
		defer report(ctx, manager, n, cfg)()
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
			_, _ = r.reloadAndTell() // the log has all of it
		}
	})
}

// report tells the service manager that the node serves, and feeds its watchdog
// while the node makes progress. What it returns tells that the node stops.
func report(ctx context.Context, to *systemd.Manager, n Running, cfg node.Config) (end func()) {
	log := cfg.Logger.With("component", "systemd")
	heard := func(err error) {
		if err != nil {
			log.Error("the service manager does not hear this node", "err", err)
		}
	}
	heard(to.Ready("node " + cfg.Name + " answers on " + cfg.HTTP))
	var watching sync.WaitGroup
	watching.Go(func() { to.Watch(ctx, n.Stalled, log) })
	return func() {
		watching.Wait()
		heard(to.Stopping())
	}
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
