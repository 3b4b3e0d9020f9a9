package node

import (
	"fmt"
	"os"

	"tocsin/account"
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

// checkScripts refuses to start without the scripts that the cluster's settings
// name: better now than at the first failure. Checks over HTTP and TCP need no
// script.
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
	case os.Geteuid() == 0:
		log.Warn("scripts run as root: name a user for them with --script-user")
	}
}
