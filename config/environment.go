package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tocsin/nearest"
)

// prefix is what the names of all our variables begin with.
const prefix = "TOCSIN_"

// Environ returns what an environment, given as NAME=VALUE, says about the
// options of t. A variable that is empty says nothing.
//
// A variable with our prefix that no option has, and whose name is near to that
// of one, is an error: who wrote it believes to have said something. Others are
// passed over, for they may be anybody's: Kubernetes has TOCSIN_PORT for a
// service of that name. So are those of the names in others, which mean
// something elsewhere.
func Environ(t Table, environ []string, others ...string) (Layer, error) {
	layer := Layer{}
	var known []string
	byVariable := map[string]Option{}
	for _, p := range t.places() {
		byVariable[p.Variable()] = p.Option
		known = append(known, p.Option.key())
	}
	var wrong []error
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, prefix)
		if !ours || text == "" {
			continue
		}
		if o, ok := byVariable[name]; ok {
			layer[o.Name] = Given{Texts: []string{text}, Source: Source{Kind: Environment, Name: name}}
		} else if near := nearest.To(strings.ToLower(rest), known); near != "" && !slices.Contains(others, name) {
			wrong = append(wrong, fmt.Errorf("environment variable %s: there is none of that name: did you mean %s? If it is not meant for this agent, give it another name", quoted(name), prefix+strings.ToUpper(near)))
		}
	}
	return layer, errors.Join(wrong...)
}
