package cli

import (
	"errors"
	"strings"
	"sync"

	"tocsin/config"
	"tocsin/node"
)

// reloadable is a node that runs.
type reloadable interface {
	Reload(node.Changeable) error
}

// reloader has a node that runs take what its file says now. Its methods may be
// called from any goroutine.
type reloader struct {
	given *given
	log   *liveLog

	mu   sync.Mutex // held for the whole of a reload: they come one after the other
	runs config.Settings
}

func newReloader(g *given, log *liveLog, runs config.Settings) *reloader {
	return &reloader{given: g, log: log, runs: runs}
}

var errNoFile = errors.New("this agent was started without --config: there is no file to read again")

// reload reads the file again, has n and the log take what they can without a
// start, and returns all that differs from what runs, what waits for a start
// among it. After an error nothing has changed.
func (r *reloader) reload(n reloadable) ([]config.Change, error) {
	if r.given.file() == "" {
		return nil, errNoFile
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	l, err := r.given.load()
	if err != nil {
		return nil, err
	}
	if err := n.Reload(l.node.Changeable()); err != nil {
		return nil, l.settings.Blame(err)
	}
	r.log.set(l.log)
	changes, runs := config.Changes(r.runs, l.settings)
	r.runs = runs
	return changes, nil
}

// reloadAndTell reloads, and tells the log how it went.
func (r *reloader) reloadAndTell(n reloadable) {
	log := r.log.logger.With("component", "reload")
	changes, err := r.reload(n)
	if errors.Is(err, errNoFile) {
		log.Warn("nothing is read again: this agent was started without --config")
		return
	}
	log = log.With("file", r.given.file())
	if err != nil {
		log.Error("the configuration file is refused, and nothing has changed", "err", oneLine(err.Error()))
		return
	}
	applied := []string{}
	for _, c := range changes {
		if c.Later == "" {
			applied = append(applied, c.String())
		}
	}
	log.Info("the configuration file was read again", "applied", strings.Join(applied, "; "))
	for _, c := range changes {
		if c.Later != "" {
			log.Warn("a change in the configuration file is not applied", "change", c.String())
		}
	}
}
