package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"tocsin/fsm"
)

// parseQuery reads a query string of which only the known parameters may be
// there, each at most once.
func parseQuery(raw string, known []string) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, badRequest("the query can't be read: %v; write %% as %%25, & as %%26, ; as %%3B and a blank as %%20", err)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case !slices.Contains(known, name) && len(known) == 0:
			return nil, badRequest("there is no query parameter %q: this path takes none", name)
		case !slices.Contains(known, name):
			return nil, badRequest("there is no query parameter %q: this path knows %s", name, strings.Join(known, ", "))
		case len(values[name]) > 1:
			return nil, badRequest("the query parameter %q is there %d times: give it once", name, len(values[name]))
		}
	}
	return values, nil
}

// needed returns an error that names the parameters that are not there.
func needed(query url.Values, names ...string) error {
	for _, name := range names {
		if !query.Has(name) {
			return badRequest("the query parameter %q is missing: write ?%s=…", name, strings.Join(names, "=…&"))
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
		return "", badRequest("the path can't be read: %v; write %% as %%25", err)
	}
	return key, nil
}

// checkedKey refuses what can't be a key, before anybody is asked about it.
func checkedKey(key string) error {
	if err := fsm.ValidateKey(key); err != nil {
		return badRequest("%v", err)
	}
	return nil
}

// number reads a whole number of least to most from the query, or returns
// otherwise when it is not there.
func number(query url.Values, name string, otherwise, least, most uint64) (uint64, error) {
	if !query.Has(name) {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(query.Get(name), 10, 64)
	if err != nil || n < least || n > most {
		return 0, badRequest("%s %q is not a whole number from %d to %d", name, query.Get(name), least, most)
	}
	return n, nil
}

// hostPort reads an address as nodes have them.
func hostPort(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return fmt.Errorf("address %q is not like 10.0.0.1:7000", address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("address %q has no port from 1 to 65535", address)
	}
	if strings.ContainsAny(host, "/?#@ ") {
		return fmt.Errorf("address %q is not like 10.0.0.1:7000: give host and port alone", address)
	}
	return nil
}

// decodeBody reads one JSON object and nothing else, with no field that into
// does not have.
func decodeBody(c *gin.Context, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(c.Writer, c.Request.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return bodyFault(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badRequest("there is something behind the end of the JSON object in the body")
	}
	return nil
}

func bodyFault(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return badRequest("the field %s can't be a %s: durations are like \"10s\", quorum and sites are words or numbers, both in quotes; counts are plain numbers", wrong.Field, wrong.Value)
	}
	if errors.Is(err, io.EOF) {
		return badRequest("the body is empty: send a JSON object such as {\"value\":\"http://10.0.0.1/\"}")
	}
	return badRequest("the body is not the JSON object that belongs here: %v", err)
}
