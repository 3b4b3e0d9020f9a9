package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"tocsin/api"
	"tocsin/credentials"
	"tocsin/pki"
)

// asker asks nodes how they are, on behalf of one that does not run.
type asker struct {
	scheme string
	client *http.Client
}

// newAsker asks with the credentials in the directory, in plain text if that is "".
func newAsker(dir string) (asker, error) {
	transport := &http.Transport{DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext, DisableKeepAlives: true}
	a := asker{"http://", &http.Client{Timeout: askTimeout, Transport: transport}}
	if dir == "" {
		return a, nil
	}
	config, err := credentials.Client(pki.FilesIn(dir))
	if err != nil {
		return asker{}, fmt.Errorf("--tls: %w", err)
	}
	transport.TLSClientConfig, a.scheme = config, "https://"
	return a, nil
}

// errSilent says that nobody listens. One who does and gives no answer may be
// a process that is stopped, and could go on at any time.
var errSilent = errors.New("nobody listens")

// errSecret says that somebody is there, and does not talk to us as we are.
var errSecret = errors.New("it speaks TLS")

func (a asker) readinessOf(ctx context.Context, address string) (r api.Readiness, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.scheme+address+"/readyz", nil)
	if err != nil {
		return r, err
	}
	response, err := a.client.Do(request)
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return r, fmt.Errorf("%w: %w", errSilent, err)
	}
	if explained := credentials.Explain(err); err != nil && explained.Error() != err.Error() {
		return r, fmt.Errorf("%w, and %w", errSecret, explained)
	}
	if err != nil {
		return r, err
	}
	defer response.Body.Close() // nothing is written by it: there is no error to miss
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxReadiness))
	if bytes.Contains(answer, []byte(api.PlainTextHint)) {
		return r, errSecret
	}
	if err == nil {
		err = json.Unmarshal(answer, &r)
	}
	if err != nil {
		return r, fmt.Errorf("its answer can't be read: %w", err)
	}
	return r, nil
}
