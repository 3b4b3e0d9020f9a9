package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tocsin/access"
	"tocsin/api"
	"tocsin/config"
	"tocsin/credentials"
	"tocsin/prose"
)

const (
	defaultAddress = "127.0.0.1:6000"
	dialTimeout    = 3 * time.Second
	// answerTimeout is longer than a node waits for a write.
	answerTimeout = 15 * time.Second
	// readPatience is how long a node may take to answer a read while there is
	// another one to ask: one that stands still must not keep us.
	readPatience = 2 * time.Second
	// patience is how long a cluster may be without a leader before a command
	// gives up; a pause is how long it waits between two tries.
	patience  = 6 * time.Second
	pause     = 500 * time.Millisecond
	maxAnswer = 256 << 20
)

// client asks one of several nodes.
type client struct {
	app
	addresses []string     // host:port, or https://host:port
	token     access.Token // the zero one is none
	http      *http.Client
	transport *http.Transport // of http
}

// addressFlag adds --address to c, and what is shown to the node there.
func addressFlag(c *cobra.Command, addresses *[]string) {
	c.Flags().Var(config.List(addresses), "address", "HTTP addresses of nodes, with commas, tried in turn (default "+defaultAddress+", or TOCSIN_ADDRESS)")
	group(c, "Node", "address")
	addConnectionFlags(c)
	tokenFlag(c)
}

// client returns a client of the addresses that c was given.
func (a app) client(c *cobra.Command, addresses *[]string) (*client, error) {
	if err := fromEnvironment(c, "address"); err != nil {
		return nil, err
	}
	connection, err := connectionOf(c, *addresses)
	if err != nil {
		return nil, err
	}
	if *addresses, err = connection.urls(); err != nil {
		return nil, misuse(c, "%w", err)
	}
	transport, err := connection.transport()
	if err != nil {
		return nil, misuse(c, "%w", err)
	}
	token, err := tokenToShow(c, connection.tokenFile)
	if err != nil {
		return nil, err
	}
	return &client{
		app: a, token: token, addresses: *addresses, transport: transport,
		http: &http.Client{Timeout: answerTimeout, Transport: transport},
	}, nil
}

// request is what a node is asked.
type request struct {
	method, path string
	query        url.Values
	body         any // sent as JSON, nil for none; bytes as they are
	// ifMatch makes a write conditional, if it is given; etag is where that of
	// the answer is put, if it is wanted.
	ifMatch string
	etag    *string
}

// refused is an answer that is no success.
type refused struct {
	status  int
	problem api.Problem
	address string
	// uncertain says that an earlier try may have done what was asked.
	uncertain bool
}

func (r refused) Error() string {
	if r.problem.Detail == "" {
		return fmt.Sprintf("%s answered %d %s: is it a node of Tocsin?", r.address, r.status, http.StatusText(r.status))
	}
	return r.problem.Detail
}

// inShort says why it is worth trying again.
func (r refused) inShort() string {
	switch r.problem.Code {
	case api.CodeNoLeader:
		return r.address + " knows no leader at the moment"
	case api.CodeUncertain:
		return r.address + " lost the leader half-way"
	}
	return r.address + ": " + prose.OneLine(r.Error())
}

// unanswered is a node that gave no answer.
type unanswered struct{ error }

func (u unanswered) Unwrap() error { return u.error }

// unasked reports whether the node can't have heard of the request: no
// connection was made.
func (u unanswered) unasked() bool {
	op, ok := errors.AsType[*net.OpError](u.error)
	return ok && op.Op == "dial" || credentials.NothingSent(u.error)
}

// ask returns the body of the answer. It tries each address in turn, and all
// of them again while they say that the cluster has no leader, which passes. A
// write may so be done twice: all of them can be repeated without harm.
func (c *client) ask(ctx context.Context, r request) ([]byte, error) {
	var body []byte
	if file, is := r.body.([]byte); is {
		body = file
	} else if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
	}
	uncertain, said := false, ""
	for started := time.Now(); ; {
		answer, unsure, err := c.round(ctx, r, body)
		uncertain = uncertain || unsure
		no, isAnswer := errors.AsType[refused](err)
		if !isAnswer {
			return answer, err
		}
		if no.status != http.StatusServiceUnavailable || time.Since(started) > patience {
			no.uncertain = uncertain
			return nil, no
		}
		if word := no.inShort(); word != said {
			c.say("tocsin: %s, trying again\n", word)
			said = word
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, no
		}
	}
}

// round asks one node after another, until one has an answer that is not 503.
// Uncertain says that one that was asked before may have done it all the same.
func (c *client) round(ctx context.Context, r request, body []byte) (answer []byte, uncertain bool, err error) {
	var silent []string
	var busy error
	for i, address := range c.addresses {
		asking, cancel := ctx, context.CancelFunc(func() {})
		if r.method == http.MethodGet && i < len(c.addresses)-1 {
			asking, cancel = context.WithTimeout(ctx, readPatience)
		}
		answer, err := c.askOne(asking, address, r, body)
		cancel()
		if quiet, ok := errors.AsType[unanswered](err); ok {
			if !quiet.unasked() && i < len(c.addresses)-1 {
				c.say("tocsin: %s: %v, asking the next one\n", address, reasonOf(quiet))
			}
			uncertain = uncertain || !quiet.unasked()
			silent = append(silent, fmt.Sprintf("%s (%v)", address, reasonOf(quiet)))
			continue
		}
		if no, ok := errors.AsType[refused](err); ok && no.status == http.StatusServiceUnavailable {
			uncertain = uncertain || no.problem.Code == api.CodeUncertain
			busy = no
			continue
		}
		return answer, uncertain, err
	}
	if busy != nil {
		return nil, uncertain, busy
	}
	return nil, uncertain, fmt.Errorf("no node answers at %s: start one with \"tocsin agent\", or name another one with --address HOST:PORT or TOCSIN_ADDRESS", strings.Join(silent, " or "))
}

// askTold asks by GET a node whose address another node told. Nodes tell host:port
// alone: it is spoken to by TLS if the nodes that were named here are.
func (c *client) askTold(ctx context.Context, address, path string) ([]byte, error) {
	secure := func(named string) bool { return strings.HasPrefix(named, secureScheme) }
	if !slices.Contains(c.addresses, address) && slices.ContainsFunc(c.addresses, secure) {
		address = secureScheme + address
	}
	text, err := c.askOne(ctx, address, request{method: http.MethodGet, path: path}, nil)
	if quiet, ok := errors.AsType[unanswered](err); ok {
		return nil, errors.New(reasonOf(quiet))
	}
	return text, err
}

func (c *client) askOne(ctx context.Context, address string, r request, body []byte) ([]byte, error) {
	target := urlOf(address) + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	asked, err := http.NewRequestWithContext(ctx, r.method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", address, err)
	}
	c.identify(asked)
	if r.ifMatch != "" {
		asked.Header.Set("If-Match", r.ifMatch)
	}
	answer, err := c.http.Do(asked)
	if err != nil {
		return nil, unanswered{err}
	}
	defer answer.Body.Close() // nothing is written by it: there is no error to miss
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, unanswered{err}
	case len(text) > maxAnswer:
		return nil, fmt.Errorf("the answer of %s has more than %d bytes", address, maxAnswer)
	case answer.StatusCode == http.StatusOK:
		if r.etag != nil {
			*r.etag = answer.Header.Get("ETag")
		}
		return text, nil
	}
	if strings.Contains(string(text), api.PlainTextHint) {
		return nil, fmt.Errorf("%s speaks TLS: give --ca with the ca.crt of its cluster, or --client with the client.yaml that \"tocsin init\" wrote", address)
	}
	no := refused{status: answer.StatusCode, address: address}
	if json.Unmarshal(text, &no.problem) != nil {
		no.problem = api.Problem{} // not one of ours: the status has to do
	}
	return nil, no
}

// anonymous reports whether c shows nothing of who asks.
func (c *client) anonymous() bool {
	tls := c.transport.TLSClientConfig
	return c.token.IsZero() && (tls == nil || len(tls.Certificates) == 0)
}

// identify shows the node who asks.
func (c *client) identify(r *http.Request) {
	if !c.token.IsZero() {
		r.Header.Set("Authorization", c.token.Header())
	}
}

// reasonOf says in few words why nobody answered.
func reasonOf(err error) string {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		if wrapped.Timeout() {
			return "no answer in time"
		}
		err = wrapped.Err
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if errors.Is(err, http.ErrSchemeMismatch) {
		return "it speaks plain HTTP: write http:// before its address"
	}
	if errors.Is(err, io.EOF) {
		return "it hung up"
	}
	return credentials.Explain(err).Error()
}

// fetch asks by GET and returns the answer as it came and decoded.
func fetch[T any](ctx context.Context, c *client, path string, query url.Values) (raw []byte, into T, err error) {
	raw, err = c.ask(ctx, request{method: http.MethodGet, path: path, query: query})
	if err != nil {
		return nil, into, err
	}
	if err := json.Unmarshal(raw, &into); err != nil {
		return nil, into, fmt.Errorf("the answer can't be read: %w: is it a node of Tocsin, and of this version?", err)
	}
	return raw, into, nil
}

// fetchPages asks by GET for all pages of a list of endpoints, one after the
// other, and returns them as if they were one.
func fetchPages(ctx context.Context, c *client, path string, query url.Values) (raw []byte, err error) {
	var whole map[string]json.RawMessage
	var all []json.RawMessage
	query = maps.Clone(query)
	for {
		text, into, err := fetch[map[string]json.RawMessage](ctx, c, path, query)
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

// keyPath returns the path of a key below prefix. Dots alone would be taken for
// a way up by whatever stands between.
func keyPath(prefix, key string) string {
	if key == "." || key == ".." {
		return prefix + strings.ReplaceAll(key, ".", "%2E")
	}
	return prefix + url.PathEscape(key)
}
