//go:build linux

package hosttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"tocsin/hosttest/lan"
)

const (
	answerLimit = 2 * time.Second
	// writeLimit is longer than a node waits for a write.
	writeLimit    = 12 * time.Second
	largestAnswer = 64 << 20
)

// newClient returns a client that stands on the host, so that no fault of the
// network comes between it and the node there.
func newClient(h *lan.Host) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: h.DialContext, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute,
	}}
}

func (n *node) url(path string) string {
	return fmt.Sprintf("http://%s:%d%s", n.host.Address, httpPort, path)
}

// ask sends one request and returns the status and the body of the answer.
func (n *node) ask(ctx context.Context, limit time.Duration, method, path string, body []byte) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, n.url(path), bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := n.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, largestAnswer))
	return response.StatusCode, answer, err
}

// get reads a page of JSON, whatever its status.
func (n *node) get(ctx context.Context, path string, into any) error {
	status, answer, err := n.ask(ctx, answerLimit, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("GET %s: %d %.200q: %w", path, status, answer, err)
	}
	return nil
}
