package agent

import (
	"errors"
	"strings"
	"sync"

	"tocsin/api"
	"tocsin/config"
	"tocsin/keyring"
	"tocsin/node"
	"tocsin/prose"
	"tocsin/redact"
)

// reloadable is a node that runs.
type reloadable interface {
	Reload(node.Changeable) error
	// Keys are what its gossip is encrypted by.
	Keys() keyring.Ring
}

// keysChanged is what a reload calls keys that are others than before: the
// setting, the path of their file, is the same.
const keysChanged = "content of gossip_key_file"

// reloader has a node that runs take what its file says now, whoever asks for
// it. It implements Process of api/server. Its methods may be called from any goroutine.
type reloader struct {
	given *Given
	log   *liveLog

	mu   sync.Mutex // held for the whole of a reload: they come one after the other
	runs config.Settings
	node reloadable // nil as long as it does not run yet
}

func newReloader(g *Given, log *liveLog, runs config.Settings) *reloader {
	return &reloader{given: g, log: log, runs: runs}
}

var (
	errNoFile   = errors.New("this agent was started without --config: there is no file to read again")
	errStarting = errors.New("the node is starting: try again in a moment")
)

// attach says which node is reloaded from now on.
func (r *reloader) attach(n reloadable) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.node = n
}

// reload reads the file again, and that of the gossip keys, has the node go on in
// the file that the audit log is in now, and it and the log take what they can without a start, and returns all that differs from what
// runs, what waits for a start among it. After an error nothing has changed.
func (r *reloader) reload() ([]config.Change, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, err := r.given.load()
	switch {
	case err != nil:
		return nil, err
	case r.given.file() == "" && l.Node.GossipKeyFile == "" && l.Node.AuditLog == "":
		return nil, errNoFile
	case r.node == nil:
		return nil, errStarting
	}
	before := r.node.Keys()
	if err := r.node.Reload(l.Node.Changeable()); err != nil {
		return nil, l.Settings.Blame(err)
	}
	r.log.set(l.log)
	changes, runs := config.Changes(r.runs, l.Settings)
	r.runs = runs
	if after := r.node.Keys(); !after.Equal(before) {
		changes = append(changes, config.Change{Key: keysChanged, From: before.String(), To: after.String()})
	}
	return changes, nil
}

// reloadAndTell reloads, tells the log how it went, and returns the same.
func (r *reloader) reloadAndTell() ([]config.Change, error) {
	log := r.log.logger.With("component", "reload")
	changes, err := r.reload()
	if errors.Is(err, errNoFile) {
		log.Warn("nothing is read again: this agent was started without --config")
		return nil, err
	}
	log = log.With("file", r.given.file())
	if err != nil {
		log.Error("the configuration file is refused, and nothing has changed", "err", prose.OneLine(err.Error()))
		return nil, err
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
	return changes, nil
}

// Reload implements Process of api/server.
func (r *reloader) Reload() (api.Reloaded, error) {
	changes, err := r.reloadAndTell()
	if err != nil {
		return api.Reloaded{}, err
	}
	answer := api.Reloaded{File: r.given.file(), Applied: []api.Reconfigured{}, Waiting: []api.Reconfigured{}}
	for _, c := range changes {
		told := api.Reconfigured{Setting: c.Key, From: redact.Value(c.Key, c.From), To: redact.Value(c.Key, c.To), When: c.Later}
		if c.Later == "" {
			answer.Applied = append(answer.Applied, told)
		} else {
			answer.Waiting = append(answer.Waiting, told)
		}
	}
	return answer, nil
}

// Configuration implements Process of api/server.
func (r *reloader) Configuration() []api.Configured {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]api.Configured, len(r.runs))
	for i, s := range r.runs {
		all[i] = api.Configured{Setting: s.Key, Value: redact.Value(s.Key, s.Text), From: s.Source.String()}
	}
	return all
}
