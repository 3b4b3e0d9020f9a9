package agent

import (
	"fmt"
	"path/filepath"
	"strings"

	"tocsin/config"
)

// OurName returns what a flag of the original is called here, and of any other its
// name.
func OurName(name string) string {
	switch name {
	case "gossipJoin":
		name = "gossip-join"
	case "gossipQuorum":
		name = "quorum"
	case "verificationScript":
		name = "verify"
	case "notificationScript":
		name = "notify"
	case "eventInterval":
		name = "cooldown"
	}
	return name
}

// splitScripts lets scripts be given as paths, as the original has them, where
// we have one directory and names: the folder becomes
// --scripts, which must not name another one.
func (l Loaded) splitScripts() error {
	cfg, given := &l.Node, ""
	if l.Settings.Source("scripts").Kind != config.Default {
		given = cfg.Scripts
	}
	from := "--scripts"
	for _, script := range []struct {
		flag string
		name *string
	}{{"--verify", &cfg.Settings.Verify}, {"--notify", &cfg.Settings.Notify}} {
		if !strings.Contains(*script.name, "/") {
			continue
		}
		folder, base := filepath.Split(*script.name)
		if base == "" || base == "." || base == ".." {
			return fmt.Errorf("%s %s names a directory: name a script in it", script.flag, *script.name)
		}
		if given != "" && !sameFolder(given, folder) {
			return fmt.Errorf("%s %s is not in %s, where %s says the scripts are: all scripts of a node stand in one directory, so put them together and name it with --scripts",
				script.flag, *script.name, given, from)
		}
		if given == "" {
			given, from = filepath.Clean(folder), fmt.Sprintf("%s %s", script.flag, *script.name)
		}
		*script.name = base
	}
	if given != "" {
		cfg.Scripts = given
	}
	l.Settings.Refresh()
	return nil
}

// sameFolder compares without touching the disk.
func sameFolder(a, b string) bool {
	absoluteA, errA := filepath.Abs(a)
	absoluteB, errB := filepath.Abs(b)
	if errA != nil || errB != nil { // there is no working directory
		return filepath.Clean(a) == filepath.Clean(b)
	}
	return absoluteA == absoluteB
}
