package node

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"tocsin/account"
	"tocsin/pki"
	"tocsin/script"
)

// OpenScripts returns the scripts of c, to be run as the user that c names for them.
// That one is looked up here, and not again.
func (c Config) OpenScripts() (*script.Dir, error) {
	scripts, err := script.OpenDir(c.Scripts)
	if err != nil {
		return nil, fmt.Errorf("--scripts: %w", err)
	}
	if c.ScriptUser == "" {
		return scripts, nil
	}
	as, err := account.Lookup(c.ScriptUser)
	if err == nil {
		scripts, err = scripts.As(as)
	}
	if err != nil {
		return nil, fmt.Errorf("--script-user: %w", err)
	}
	return scripts, nil
}

// checkScripts refuses to start without the scripts that this node was told of for
// the cluster's first settings: better now than at the first failure. Those that the
// settings name by now are not known yet. Checks over HTTP and TCP need no script.
func checkScripts(cfg Config, scripts *script.Dir) error {
	if cfg.Settings.Check.RunsScript() {
		if _, err := scripts.Resolve(cfg.Settings.Verify); err != nil {
			return fmt.Errorf("--verify: %w", err)
		}
	}
	if _, err := scripts.Resolve(cfg.Settings.Notify); err != nil {
		return fmt.Errorf("--notify: %w", err)
	}
	return nil
}

// tellWhomScriptsRunAs has the log say so where it matters.
func tellWhomScriptsRunAs(cfg Config, scripts *script.Dir) {
	log := cfg.logger().With("component", "node")
	switch as := scripts.User(); {
	case as != nil:
		log.Info("scripts run as another user", "user", as.String())
		warnOfReadable(log, as, cfg)
	case os.Geteuid() == 0:
		log.Warn("scripts run as root: name a user for them with --script-user")
	case len(script.Powers()) > 0:
		log.Warn("this process may become other users and needs that for nothing: name a user for the scripts with --script-user, or take CAP_SETUID, CAP_SETGID and CAP_KILL from it (the drop-in script-user.conf gives them)")
	}
}

// warnOfReadable tells which of a node's secrets the user of its scripts can read all
// the same, which makes that user pointless.
func warnOfReadable(log *slog.Logger, as *account.User, cfg Config) {
	for _, path := range readable(as, cfg) {
		log.Warn("the user of the scripts can read what it is to be kept from: chmod go-rwx, see that it belongs to the user of the agent, and change the keys and tokens in it if a script may have read them", "user", as.String(), "path", path)
	}
}

// readable returns what of a node's keys, tokens and data that user can read.
func readable(as *account.User, cfg Config) (paths []string) {
	secrets := []string{cfg.DataDir, cfg.PeerTokenFile, cfg.GossipKeyFile}
	if cfg.TLS != "" {
		secrets = append(secrets, pki.FilesIn(cfg.TLS).Key)
	}
	for _, path := range secrets {
		if path == "" {
			continue
		}
		// What can't be looked at is told by whoever reads it.
		if full, err := filepath.Abs(path); err == nil && as.MayRead(full) == nil {
			paths = append(paths, full)
		}
	}
	return paths
}
