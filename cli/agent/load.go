package agent

import (
	"errors"
	"os"

	"tocsin/config"
)

// Given is what an agent was told by its command line and by its environment.
type Given struct{ Flags, environment config.Layer }

// Loaded is what an agent is to do, and where each part of it comes from.
type Loaded struct {
	*Options
	Settings config.Settings
}

// load puts the flags over the environment, that over the file, and that over
// the defaults. Every fault is returned, with the line that it is in if that is
// in the file.
func (g *Given) load() (Loaded, error) {
	l, err := g.Read()
	if err != nil {
		return l, err
	}
	return l, l.Validate()
}

// file is the name of the configuration file, "" if there is none.
func (g *Given) file() string {
	for _, layer := range []config.Layer{g.Flags, g.environment} {
		if given, ok := layer["config"]; ok {
			return given.Texts[len(given.Texts)-1]
		}
	}
	return ""
}

// Read does the same without asking whether what was told makes sense.
func (g *Given) Read() (Loaded, error) {
	l := Loaded{Options: NewOptions()}
	table := l.Table()
	if g.environment == nil {
		var err error
		if g.environment, err = config.Environ(table, os.Environ(), elsewhere()...); err != nil {
			return l, err
		}
	}
	layers := []config.Layer{g.Flags, g.environment}
	var unread error
	if name := g.file(); name != "" {
		var file config.Layer
		file, unread = config.ReadFile(name, table)
		layers = append(layers, file)
	}
	var wrong error
	if l.Settings, wrong = config.Resolve(table, layers...); unread != nil || wrong != nil {
		return l, errors.Join(unread, wrong)
	}
	if err := l.splitScripts(); err != nil {
		return l, l.Settings.Blame(err)
	}
	return l, nil
}

var errNoName = errors.New("--node is missing: give this node a name of its own, such as --node node1")

func (l Loaded) Validate() error {
	if l.Node.Name == "" {
		return errNoName
	}
	return l.Settings.Blame(l.Node.Validate())
}

// elsewhere are the variables that are meant for others than an agent: for
// commands that ask one, and for the scripts that it runs.
func elsewhere() []string {
	return []string{
		"TOCSIN_ADDRESS",
		"TOCSIN_KEY", "TOCSIN_VALUE", "TOCSIN_TIMEOUT_SECONDS", "TOCSIN_STATE",
		"TOCSIN_CLUSTER", "TOCSIN_EVENT_ID", "TOCSIN_STATUS", "TOCSIN_PREVIOUS_STATUS", "TOCSIN_ROLE", "TOCSIN_ATTEMPT", "TOCSIN_EVENT_TIME",
		"TOCSIN_VOTES_UP", "TOCSIN_VOTES_DOWN", "TOCSIN_VOTES_UNKNOWN", "TOCSIN_EVENTS_MISSED",
	}
}
