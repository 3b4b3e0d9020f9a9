package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"

	"tocsin/access"
	"tocsin/api"
	"tocsin/nearest"
)

// maxBody holds the largest value with every byte escaped, and labels.
const maxBody = 1 << 20

// decodeBody reads one JSON object of at most most bytes and nothing else, with
// no field that into does not have.
func decodeBody(from io.Reader, most int64, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(nil, io.NopCloser(from), most))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return bodyFault(err, into)
	}
	if _, err := d.Token(); undelivered(err) {
		return err
	} else if !errors.Is(err, io.EOF) {
		return api.BadRequest("there is something behind the end of the JSON object in the body")
	}
	return nil
}

// arriving is the body of a request while it comes in. Its errors say that the
// body is not there as a whole, whatever would be in it; at its end it asks once more
// whether the request may be served.
type arriving struct {
	io.Reader
	still func() error
}

// bodyOf returns the body of the request of ctx.
func bodyOf(ctx context.Context, body io.Reader) arriving {
	return arriving{body, func() error { return stillMay(ctx) }}
}

// Read implements io.Reader.
func (a arriving) Read(into []byte) (int, error) {
	n, err := a.Reader.Read(into)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		return n, cmp.Or(a.still(), err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, api.Faultf(api.CodeIncomplete, "the body did not come in whole in the time that a request has, and nothing was done: send it again, by a faster line")
	}
	return n, api.Faultf(api.CodeIncomplete, "the body broke off, and nothing was done: send it again (%v)", err)
}

// undelivered reports whether err tells of how a body came in, or of whom it came
// from, and not of what is in it.
func undelivered(err error) bool {
	_, large := errors.AsType[*http.MaxBytesError](err)
	_, denied := errors.AsType[access.Denial](err)
	f, known := errors.AsType[api.Fault](err)
	return large || denied || known && f.Code == api.CodeIncomplete
}

// bodyFault says what is wrong with a body that was to be read into into, nil
// for one that is no JSON.
func bodyFault(err error, into any) error {
	if undelivered(err) {
		return err
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return api.BadRequest("the field %s can't be a %s: durations are like \"10s\", quorum and sites are words or numbers, both in quotes; counts are plain numbers", wrong.Field, wrong.Value)
	}
	if errors.Is(err, io.EOF) {
		return api.BadRequest("the body is empty: send a JSON object such as {\"value\":\"http://10.0.0.1/\"}")
	}
	// The one error of encoding/json without a type of its own.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok && into != nil {
		known := fieldNames(reflect.TypeOf(into))
		return api.BadRequest("there is no field %s here%s: the fields are %s", name, didYouMean(strings.Trim(name, `"`), known), strings.Join(known, ", "))
	}
	return api.BadRequest("the body is not the JSON object that belongs here: %v", err)
}

// didYouMean returns a hint at the known name that is nearest to a misspelt
// one, with a blank in front, "" if none is near.
func didYouMean(name string, known []string) string {
	near := nearest.To(strings.ToLower(name), known)
	if near == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", near)
}

// fieldNames returns the names of all fields that JSON knows in t and in the
// structs within it, each once.
func fieldNames(t reflect.Type) []string {
	var names []string
	collectFields(t, &names)
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

func collectFields(t reflect.Type, into *[]string) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		collectFields(t.Elem(), into)
	case reflect.Struct:
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" && name != "-" {
				*into = append(*into, name)
			}
			collectFields(f.Type, into)
		}
	}
}
