package server

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"tocsin/api"
	"tocsin/fsm"
)

// parameter is one query parameter that a path knows.
type parameter struct {
	name  string
	many  bool // may be given more than once
	empty bool // may be given without a value
}

// parameters returns those of the names, each once and with any value.
func parameters(names ...string) []parameter {
	known := make([]parameter, len(names))
	for i, name := range names {
		known[i] = parameter{name: name, empty: true}
	}
	return known
}

// parseQuery reads a query string of which only the known parameters may be
// there.
func parseQuery(raw string, known []parameter) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, api.BadRequest("the query can't be read: %v; write %% as %%25, & as %%26, ; as %%3B and a blank as %%20", err)
	}
	names := make([]string, len(known))
	for i, p := range known {
		names[i] = p.name
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		at := slices.Index(names, name)
		switch {
		case at < 0 && len(known) == 0:
			return nil, api.BadRequest("there is no query parameter %q: this path takes none", name)
		case at < 0:
			return nil, api.BadRequest("there is no query parameter %q%s: this path knows %s", name, didYouMean(name, names), strings.Join(names, ", "))
		case len(values[name]) > 1 && !known[at].many:
			return nil, api.BadRequest("the query parameter %q is there %d times: give it once", name, len(values[name]))
		case slices.Contains(values[name], "") && !known[at].empty:
			return nil, api.BadRequest("the query parameter %q is empty: give it a value, or leave it out", name)
		}
	}
	return values, nil
}

// needed returns an error that names the parameters that are not there.
func needed(query url.Values, names ...string) error {
	for _, name := range names {
		if !query.Has(name) {
			return api.BadRequest("the query parameter %q is missing: write ?%s=…", name, strings.Join(names, "=…&"))
		}
	}
	return nil
}

// pathKey returns the part of the path that the route names key, unescaped
// once: a wildcard's without its leading slash.
func pathKey(c *gin.Context, name string) (string, error) {
	key := strings.TrimPrefix(c.Param(name), "/")
	// Only then did gin match what is still escaped (engine.UseRawPath).
	if c.Request.URL.RawPath == "" {
		return key, nil
	}
	key, err := url.PathUnescape(key)
	if err != nil {
		return "", api.BadRequest("the path can't be read: %v; write %% as %%25", err)
	}
	return key, nil
}

// checkedKey refuses what can't be a key, before anybody is asked about it.
func checkedKey(key string) error {
	if err := fsm.ValidateKey(key); err != nil {
		return api.BadRequest("%v", err)
	}
	return nil
}
