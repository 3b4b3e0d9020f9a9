package client

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
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

// FetchAll asks by GET for all pages of a list of endpoints, one after the
// other, and returns them as if they were one.
func FetchAll(ctx context.Context, c *Client, path string, query url.Values) (raw []byte, err error) {
	var whole map[string]json.RawMessage
	var all []json.RawMessage
	query = maps.Clone(query)
	for {
		text, into, err := Fetch[map[string]json.RawMessage](ctx, c, path, query)
		if err != nil {
			return nil, err
		}
		var page struct {
			Endpoints []json.RawMessage `json:"endpoints"`
			Next      string            `json:"next"`
		}
		if err := json.Unmarshal(text, &page); err != nil {
			return nil, fmt.Errorf("the answer can't be read: %w", err)
		}
		if whole == nil {
			whole = into
		}
		all = append(all, page.Endpoints...)
		if page.Next == "" {
			break
		}
		if query == nil {
			query = url.Values{}
		}
		query.Set("cursor", page.Next)
	}
	delete(whole, "next")
	if whole["endpoints"], err = json.Marshal(all); err != nil {
		return nil, fmt.Errorf("the answer can't be read: %w", err)
	}
	return json.Marshal(whole)
}

// KeyPath returns the path of a key below prefix. Dots alone would be taken for
// a way up by whatever stands between.
func KeyPath(prefix, key string) string {
	if key == "." || key == ".." {
		return prefix + strings.ReplaceAll(key, ".", "%2E")
	}
	return prefix + url.PathEscape(key)
}
