//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"tocsin/api"
)

// await calls look until it says that nothing is missing any more, at most for
// limit. An error of look ends it at once; what is still missing in the end is
// part of the error.
func await(ctx context.Context, limit time.Duration, what string, look func() (missing string, err error)) error {
	timeout := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		missing, err := look()
		switch {
		case ctx.Err() != nil:
			return ctx.Err() // whatever look says, it was interrupted
		case err != nil:
			return err
		case missing == "":
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timeout:
			return fmt.Errorf("waited %v until %s; still missing: %s", limit, what, missing)
		case <-tick.C:
		}
	}
}

// readiness is what the node says of itself.
func (n *agent) readiness(ctx context.Context) (api.Readiness, error) {
	return fetch[api.Readiness](ctx, "http://"+n.http+"/readyz")
}

// status is what the node holds about the endpoint of key.
func (n *agent) status(ctx context.Context, key string) (api.EndpointStatus, error) {
	status, err := fetch[api.Status](ctx, "http://"+n.http+"/v1/status/"+url.PathEscape(key))
	if err != nil {
		return api.EndpointStatus{}, err
	}
	if len(status.Endpoints) != 1 {
		return api.EndpointStatus{}, fmt.Errorf("%s holds %d endpoints of the key %s", n.name, len(status.Endpoints), key)
	}
	return status.Endpoints[0], nil
}

// events are those with ids above after that the node holds, oldest first.
func (n *agent) events(ctx context.Context, after uint64) ([]api.Event, error) {
	events, err := fetch[api.Events](ctx, fmt.Sprintf("http://%s/v1/events?after=%d", n.http, after))
	return events.Events, err
}

// fetch returns what a page answers in JSON. 503 is an answer too: a node that
// is not ready says why.
func fetch[T any](ctx context.Context, address string) (answer T, err error) {
	body, status, err := page(ctx, address)
	if err != nil {
		return answer, err
	}
	if status != http.StatusOK && status != http.StatusServiceUnavailable {
		return answer, fmt.Errorf("%s answers %d: %s", address, status, bytes.TrimSpace(body))
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return answer, fmt.Errorf("%s answers what is not JSON of ours: %w", address, err)
	}
	return answer, nil
}

// page gets a page, at most its first MiB, within two seconds.
func page(ctx context.Context, address string) (body []byte, status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", address, err)
	}
	return body, response.StatusCode, nil
}
