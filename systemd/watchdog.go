package systemd

import (
	"context"
	"log/slog"
	"time"
)

// Watch feeds the manager's watchdog, twice in the time it waits, for as long as
// stalled returns no error; it returns when ctx ends, or at once where there is no
// watchdog. When stalled says why there is no progress, nothing is fed, and the
// log is told once: the manager ends this process if that lasts, and starts it
// again. Stalled must not block: a call that does is itself the standstill.
func (m *Manager) Watch(ctx context.Context, stalled func() error, log *slog.Logger) {
	if m == nil || m.conn == nil || m.every == 0 {
		return
	}
	ticks := time.NewTicker(m.every / 2)
	defer ticks.Stop()
	var told, unheard bool
	for {
		if err := stalled(); err != nil {
			if !told {
				log.Error("no progress: the service manager is going to start this node again", "err", err, "after", m.every)
			}
			told = true
		} else {
			if told {
				log.Info("there is progress again")
			}
			told = false
			err := m.tell("WATCHDOG=1")
			if err != nil && !unheard {
				log.Error("the watchdog is not fed", "err", err)
			}
			unheard = err != nil
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return
		}
	}
}
