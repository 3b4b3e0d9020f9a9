package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/access"
	"tocsin/api"
)

const (
	// DefaultAddress is where a node answers that was told nothing else.
	DefaultAddress = "127.0.0.1:6000"
	dialTimeout    = 3 * time.Second
	// answerTimeout is longer than a node waits for a write.
	answerTimeout = 15 * time.Second
	// readPatience is how long a node may take to answer a read while there is
	// another one to ask: one that stands still must not keep us.
	readPatience = api.AccountWait + time.Second
	// patience is how long a cluster may be without a leader before a command
	// gives up; a pause is how long it waits between two tries.
	patience  = 6 * time.Second
	pause     = 500 * time.Millisecond
	maxAnswer = 256 << 20 // bytes
)

// Options are how the nodes are reached. What is not given is taken from
// the client file.
type Options struct {
	Addresses []string // HOST:PORT, also with http:// or https:// before it
	// File is the client file; "" is the one in the usual place, if it is there.
	File string
	// CA, Cert and CertKey are files: with one of the first two TLS is spoken.
	CA, Cert, CertKey string
	// Token is shown to the nodes; the zero one leaves it to TokenFile.
	Token     access.Token
	TokenFile string
	// Say tells somebody in a sentence, while it takes long, what is waited for.
	Say func(sentence string)
}

// New returns a client. Its errors name the flag of what is wrong, as all
// commands have it.
func New(o Options) (*Client, error) {
	con, err := o.connection()
	if err != nil {
		return nil, err
	}
	c := &Client{say: o.Say, token: o.Token}
	if c.Addresses, err = con.urls(); err != nil {
		return nil, err
	}
	if c.transport, err = con.transport(); err != nil {
		return nil, err
	}
	c.http = &http.Client{Transport: c.transport}
	if c.token.IsZero() && con.tokenFile != "" {
		if c.token, err = readTokenFile(con.tokenFile); err != nil {
			return nil, fmt.Errorf("--token-file: %w", err)
		}
	}
	return c, nil
}

// Client asks one of several nodes. One call at a time.
type Client struct {
	// Addresses are host:port, or https://host:port, at least one.
	Addresses []string
	answered  string       // the one of them that was the last to answer
	say       func(string) // tells somebody, in a sentence, why it takes so long
	token     access.Token // the zero one is none
	http      *http.Client
	transport *http.Transport // of http
}

// Request is what a node is asked.
type Request struct {
	Method string // GET, if it is ""
	Path   string
	Query  url.Values
	Body   any // sent as JSON, nil for none; bytes as they are
	// IfMatch makes a write conditional, if it is given; ETag is where that of
	// the answer is put, if it is wanted.
	IfMatch string
	ETag    *string
	// Index is where the index is put as of which the node answered, if it is wanted.
	Index *uint64
	// Timeout is how long the answer may take; 0 is longer than a node waits
	// for a write.
	Timeout time.Duration
}

// Hush has c say nothing while it waits.
func (c *Client) Hush() { c.say = func(string) {} }

// Ask returns the body of the answer. It tries each address in turn, and all
// of them again while they say that the cluster has no leader, which passes. A
// write may so be asked for twice. That does no harm: what is there already is not
// made once more. But the second answer may be another one: a condition that the
// first try has ended (412), a deletion that finds nothing (see AlreadyDone), or,
// of the first token, that it is not known who asks. Uncertain tells of such.
func (c *Client) Ask(ctx context.Context, r Request) ([]byte, error) {
	r.Method = cmp.Or(r.Method, http.MethodGet)
	var body []byte
	if file, is := r.Body.([]byte); is {
		body = file
	} else if r.Body != nil {
		var err error
		if body, err = json.Marshal(r.Body); err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
	}
	uncertain, said := false, ""
	for started := time.Now(); ; {
		answer, unsure, err := c.round(ctx, r, body)
		uncertain = uncertain || unsure
		if none, nobody := errors.AsType[unheard](err); nobody {
			none.uncertain = uncertain && r.Method != http.MethodGet
			return nil, none
		}
		no, isAnswer := errors.AsType[Refused](err)
		if !isAnswer {
			return answer, err
		}
		if no.Status != http.StatusServiceUnavailable || time.Since(started) > patience {
			no.uncertain, no.lacks = uncertain, c.lacks(ctx, no)
			return nil, no
		}
		if word := no.inShort(); word != said {
			c.say(word + ", trying again")
			said = word
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			no.uncertain = uncertain
			return nil, no
		}
	}
}

// round asks one node after another, until one has an answer that is not 503.
// Uncertain says that one that was asked before may have done it all the same.
func (c *Client) round(ctx context.Context, r Request, body []byte) (answer []byte, uncertain bool, err error) {
	var silent []string
	var busy error
	for i, address := range c.Addresses {
		asking, cancel := ctx, context.CancelFunc(func() {})
		if r.Method == http.MethodGet && i < len(c.Addresses)-1 {
			asking, cancel = context.WithTimeout(ctx, readPatience)
		}
		answer, err := c.askOne(asking, address, r, body)
		cancel()
		if quiet, ok := errors.AsType[unanswered](err); ok {
			if !quiet.unasked() && i < len(c.Addresses)-1 {
				c.say(fmt.Sprintf("%s: %s, asking the next one", address, reasonOf(quiet)))
			}
			uncertain = uncertain || !quiet.unasked()
			silent = append(silent, fmt.Sprintf("%s (%v)", address, reasonOf(quiet)))
			continue
		}
		if no, ok := errors.AsType[Refused](err); ok && no.Status == http.StatusServiceUnavailable {
			uncertain = uncertain || no.Problem.Code == api.CodeUncertain
			busy = no
			continue
		}
		c.answered = address
		return answer, uncertain, err
	}
	if busy != nil {
		return nil, uncertain, busy
	}
	return nil, uncertain, unheard{silent: silent}
}

// AskTold asks by GET a node whose address another node told. Nodes tell host:port
// alone: it is spoken to by TLS if the nodes that were named here are.
func (c *Client) AskTold(ctx context.Context, address, path string) ([]byte, error) {
	secure := func(named string) bool { return strings.HasPrefix(named, secureScheme) }
	if !slices.Contains(c.Addresses, address) && slices.ContainsFunc(c.Addresses, secure) {
		address = secureScheme + address
	}
	text, err := c.askOne(ctx, address, Request{Method: http.MethodGet, Path: path}, nil)
	if quiet, ok := errors.AsType[unanswered](err); ok {
		return nil, Silent{quiet}
	}
	return text, err
}

func (c *Client) askOne(ctx context.Context, address string, r Request, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.Timeout, answerTimeout))
	defer cancel()
	target := urlOf(address) + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	asked, err := http.NewRequestWithContext(ctx, r.Method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", address, err)
	}
	c.identify(asked)
	if r.IfMatch != "" {
		asked.Header.Set("If-Match", r.IfMatch)
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
		if r.ETag != nil {
			*r.ETag = answer.Header.Get("ETag")
		}
		if r.Index != nil {
			*r.Index, _ = strconv.ParseUint(answer.Header.Get(api.IndexHeader), 10, 64) // 0 if it says none
		}
		return text, nil
	}
	if strings.Contains(string(text), api.PlainTextHint) {
		return nil, fmt.Errorf("%s speaks TLS: give --ca with the ca.crt of its cluster, or --client with the client.yaml that \"tocsin init\" wrote", address)
	}
	no := Refused{Status: answer.StatusCode, address: address}
	if json.Unmarshal(text, &no.Problem) != nil {
		no.Problem = api.Problem{} // not one of ours: the status has to do
	}
	return nil, no
}

// Anonymous reports whether c shows nothing of who asks.
func (c *Client) Anonymous() bool {
	tls := c.transport.TLSClientConfig
	return c.token.IsZero() && (tls == nil || len(tls.Certificates) == 0)
}

// identify shows the node who asks.
func (c *Client) identify(r *http.Request) {
	if !c.token.IsZero() {
		r.Header.Set("Authorization", c.token.Header())
	}
}
