package cli

import (
	"errors"
	"os"

	"tocsin/config"
)

// loaded is what an agent is to do, and where each part of it comes from.
type loaded struct {
	*options
	settings config.Settings
}

// load puts the flags over the environment, that over the file, and that over
// the defaults. Every fault is returned, with the line that it is in if that is
// in the file.
func (g *given) load() (loaded, error) {
	l, err := g.read()
	if err != nil {
		return l, err
	}
	return l, l.validate()
}

// file is the name of the configuration file, "" if there is none.
func (g *given) file() string {
	for _, layer := range []config.Layer{g.flags, g.environment} {
		if given, ok := layer["config"]; ok {
			return given.Texts[len(given.Texts)-1]
		}
	}
	return ""
}

// read does the same without asking whether what was told makes sense.
func (g *given) read() (loaded, error) {
	l := loaded{options: newOptions()}
	table := l.table()
	if g.environment == nil {
		var err error
		if g.environment, err = config.Environ(table, os.Environ(), elsewhere()...); err != nil {
			return l, err
		}
	}
	layers := []config.Layer{g.flags, g.environment}
	var unread error
	if name := g.file(); name != "" {
		var file config.Layer
		file, unread = config.ReadFile(name, table)
		layers = append(layers, file)
	}
	var wrong error
	if l.settings, wrong = config.Resolve(table, layers...); unread != nil || wrong != nil {
		return l, errors.Join(unread, wrong)
	}
	if err := l.splitScripts(); err != nil {
		return l, l.settings.Blame(err)
	}
	return l, nil
}

var errNoName = errors.New("--node is missing: give this node a name of its own, such as --node node1")

func (l loaded) validate() error {
	if l.node.Name == "" {
		return errNoName
	}
	return l.settings.Blame(l.node.Validate())
}
