package verify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"

	"tocsin/fsm"
)

// maxHeaders bounds the headers that are read of an answer, in bytes.
const maxHeaders = 64 << 10

// newClient returns a client that looks at one answer and remembers nothing.
func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			// A new connection for each check: one that is still open from the
			// last says little about the next client. For the same reason no
			// proxy is asked.
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeaders,
		},
		// A redirect is an answer. Where it leads is another endpoint.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// getURL checks that the value, a URL, is answered with 2xx or 3xx.
func (c *Checks) getURL(ctx context.Context, r Request) Sample {
	if err := fsm.ValidateTarget(fsm.CheckHTTP, r.Value); err != nil {
		return unknown(err.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	var resolving atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { resolving.Store(true) },
		DNSDone:  func(httptrace.DNSDoneInfo) { resolving.Store(false) },
	})
	request, err := http.NewRequestWithContext(traced, http.MethodGet, r.Value, http.NoBody)
	if err != nil {
		return unknown(fmt.Sprintf("the value is not a URL: %v", bare(err)))
	}
	request.Header.Set("User-Agent", "tocsin")
	response, err := c.client.Do(request)
	if err != nil {
		if ctx.Err() != nil && resolving.Load() {
			return timedOut(unknown(fmt.Sprintf("the name %s was not resolved within %v", request.URL.Hostname(), r.Timeout)))
		}
		return unreachable(ctx, bare(err), r.Timeout)
	}
	// The status has come, and the body is nobody's business: it may be endless.
	// There is nothing to do about an error of closing it.
	_ = response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode >= 400 {
		return down("answered " + response.Status)
	}
	return up("answered " + response.Status)
}

// bare returns what lies in a url.Error: the URL around it is known, and may
// carry a password.
func bare(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
