package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Fetch asks by GET and returns the answer as it came and decoded.
func Fetch[T any](ctx context.Context, c *Client, path string, query url.Values) (raw []byte, into T, err error) {
	return Decoded[T](c.Ask(ctx, Request{Path: path, Query: query}))
}

// Decoded returns an answer as it came and decoded, if there is one.
func Decoded[T any](raw []byte, asked error) (_ []byte, into T, err error) {
	if asked != nil {
		return nil, into, asked
	}
	if err := json.Unmarshal(raw, &into); err != nil {
		return nil, into, fmt.Errorf("the answer can't be read: %w: is it a node of Tocsin, and of this version?", err)
	}
	return raw, into, nil
}

// FetchAll asks by GET for all pages of a list of endpoints, one after the other,
// and returns them as if they were one. The node that gave the first is asked for
// the others, too; if another one has to, and knows less, all begins anew.
func FetchAll(ctx context.Context, c *Client, path string, query url.Values) (raw []byte, err error) {
	for range attempts {
		var older bool
		if raw, older, err = fetchPages(ctx, c, path, query); !older {
			return raw, err
		}
	}
	return nil, errors.New("the nodes that answer know different things, and none of them gave all pages: name one with --address")
}

// attempts is how often all pages are asked for before that is given up.
const attempts = 3

// fetchPages asks for all pages once. Older says that one of them is from before
// the one that came first.
func fetchPages(ctx context.Context, c *Client, path string, query url.Values) (raw []byte, older bool, err error) {
	var whole map[string]json.RawMessage
	var index uint64
	all := []json.RawMessage{}
	if query = maps.Clone(query); query == nil {
		query = url.Values{}
	}
	for same := *c; ; same.Addresses = firstOf(same.answered, c.Addresses) {
		var at uint64
		text, into, err := Decoded[map[string]json.RawMessage](same.Ask(ctx, Request{Path: path, Query: query, Index: &at}))
		if err != nil {
			return nil, false, err
		}
		var page struct {
			Endpoints []json.RawMessage `json:"endpoints"`
			Next      string            `json:"next"`
		}
		if err := json.Unmarshal(text, &page); err != nil {
			return nil, false, fmt.Errorf("the answer can't be read: %w", err)
		}
		if at < index {
			return nil, true, nil
		}
		index = at
		if whole == nil {
			whole = into
		}
		all = append(all, page.Endpoints...)
		if page.Next == "" {
			break
		}
		query.Set("cursor", page.Next)
	}
	delete(whole, "next")
	if whole["endpoints"], err = json.Marshal(all); err != nil {
		return nil, false, fmt.Errorf("the answer can't be read: %w", err)
	}
	raw, err = json.Marshal(whole)
	return raw, false, err
}

// firstOf returns all, with one of them in front of the others.
func firstOf(one string, all []string) []string {
	others := slices.DeleteFunc(slices.Clone(all), func(a string) bool { return a == one })
	return append([]string{one}, others...)
}

// KeyPath returns the path of a key below prefix. Dots alone would be taken for
// a way up by whatever stands between.
func KeyPath(prefix, key string) string {
	if key == "." || key == ".." {
		return prefix + strings.ReplaceAll(key, ".", "%2E")
	}
	return prefix + url.PathEscape(key)
}
