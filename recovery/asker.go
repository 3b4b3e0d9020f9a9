package recovery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

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
	// Who sends us elsewhere has answered: what is there says nothing of this one.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a := asker{"http://", &http.Client{Timeout: askTimeout, Transport: transport, CheckRedirect: stay}}
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

var (
	// errSilent says that nobody listens. One who does and gives no answer may be
	// a process that is stopped, and could go on at any time.
	errSilent = errors.New("nobody listens")
	// errSecret says that we asked in plain text one that speaks TLS.
	errSecret = errors.New("it speaks TLS")
	// errForeign says that the answer is whole, and not that of a node.
	errForeign = errors.New("it is no node of Tocsin")
)

// readinessOf asks the node at address. Every error but errSilent and errForeign
// means that somebody is there who may be it.
func (a asker) readinessOf(ctx context.Context, address string) (api.Readiness, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.scheme+address+"/readyz", nil)
	if err != nil {
		return api.Readiness{}, err
	}
	response, err := a.client.Do(request)
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return api.Readiness{}, fmt.Errorf("%w: %w", errSilent, err)
	}
	if err != nil {
		return api.Readiness{}, a.reason(err)
	}
	defer response.Body.Close() // nothing is written by it: there is no error to miss
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxReadiness+1))
	switch {
	case err != nil:
		return api.Readiness{}, a.reason(err)
	case len(answer) > maxReadiness:
		return api.Readiness{}, fmt.Errorf("its answer has more than %d bytes", maxReadiness)
	case bytes.Contains(answer, []byte(api.PlainTextHint)):
		return api.Readiness{}, errSecret
	}
	return readinessIn(answer, response.Header.Get("Content-Type"))
}

// readinessIn reads what was answered.
func readinessIn(answer []byte, contentType string) (r api.Readiness, err error) {
	err = json.Unmarshal(answer, &r)
	var problem api.Problem
	switch {
	case err != nil && !strings.Contains(contentType, "json"):
		return r, errForeign
	case err != nil:
		return r, fmt.Errorf("its answer can't be read: %w", err)
	case r.Node != "":
		return r, nil
	case json.Unmarshal(answer, &problem) == nil && problem.Code != "":
		return r, fmt.Errorf("it does not say how it is: %w", &problem)
	}
	return r, errForeign
}

// reason says in few words why one that listens gave no whole answer.
func (a asker) reason(err error) error {
	if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
		return fmt.Errorf("it listens, and gave no answer within %v", a.client.Timeout)
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it hung up: %w", err)
	}
	return credentials.Explain(err)
}
