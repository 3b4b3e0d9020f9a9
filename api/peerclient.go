package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"tocsin/access"
	"tocsin/fsm"
)

const (
	// maxHops is how often one call is sent on from a node to its leader. The
	// leadership may move while a call is under way, but not for ever.
	maxHops = 3
	// maxAnswer holds a refusal for each command of the fullest entry, and the
	// difference that the largest declaration makes.
	maxAnswer = 16 << 20
	// dialTimeout is how long a node may take to accept a connection.
	dialTimeout = 3 * time.Second
)

// PeerClient asks other nodes for what only the leader can do. Any node may be
// asked: one that does not lead names the leader. A call lasts no longer than its
// context. The zero PeerClient is ready for use.
type PeerClient struct {
	// Transport reaches the nodes; nil means TCP without any proxy.
	Transport http.RoundTripper
	// Dial, if it is not nil, connects to a node by TLS: to the one that is known
	// to be at that address, or, for the few questions that anybody may answer, to
	// any. Its errors are *net.OpError of the Op "dial" where nothing was sent.
	Dial func(ctx context.Context, address string, anyNode bool) (net.Conn, error)
	// Token is shown to the nodes; the zero one is none.
	Token access.Token

	once           sync.Once
	known, anybody *http.Client // made by once
}

// http returns what asks: a connection to any node is never used to ask the one
// that is meant.
func (c *PeerClient) http(anyNode bool) *http.Client {
	c.once.Do(func() { c.known, c.anybody = c.newClient(false), c.newClient(true) })
	if anyNode {
		return c.anybody
	}
	return c.known
}

func (c *PeerClient) newClient(anyNode bool) *http.Client {
	transport := c.Transport
	if transport == nil {
		over := &http.Transport{
			DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     30 * time.Second,
		}
		if c.Dial != nil {
			over.DialTLSContext = func(ctx context.Context, _, address string) (net.Conn, error) {
				return c.Dial(ctx, address, anyNode)
			}
		}
		transport = over
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (c *PeerClient) scheme() string {
	if c.Dial != nil {
		return "https://"
	}
	return "http://"
}

// Close lets go of the connections that are kept for the next call.
func (c *PeerClient) Close() {
	c.http(false).CloseIdleConnections()
	c.http(true).CloseIdleConnections()
}

// Introduce tells the node at address itself, whoever leads, who asks, and
// returns who it is. The error wraps ErrUnreachable when nobody listens there.
func (c *PeerClient) Introduce(ctx context.Context, address string, self Introduction) (Introduction, error) {
	var other Introduction
	if err := c.post(ctx, address, question{path: introducePath, anyNode: true, asked: self}, &other); err != nil {
		return Introduction{}, err
	}
	if other.Node == "" {
		return Introduction{}, fmt.Errorf("ask %s: %w", address, errNameless)
	}
	return other, nil
}

// Register tells the leader, through the node at address if need be, that a
// node has started. A *fsm.Refusal as the error is final; after any other one
// it may be tried again.
func (c *PeerClient) Register(ctx context.Context, address string, r Registration) (Welcome, error) {
	var welcome Welcome
	if err := c.call(ctx, address, question{path: registerPath, anyNode: true, asked: r}, &welcome); err != nil {
		return Welcome{}, fmt.Errorf("register at %s: %w", address, err)
	}
	if welcome.ClusterID == "" || welcome.Epoch == 0 {
		return Welcome{}, fmt.Errorf("register at %s: its answer names no cluster or no epoch: is it another program?", address)
	}
	return welcome, nil
}

// Propose has the leader of that cluster commit an entry that fsm.Encode packed:
// at an address that has passed on another cluster's may be found. The error is
// ErrNoLeader when nothing was done (with ErrUnreachable or ErrNotLeader, if
// that is why), ErrUncertain when nobody can tell, or a *fsm.Refusal for an
// entry that nobody would take.
func (c *PeerClient) Propose(ctx context.Context, address, cluster string, entry []byte) ([]fsm.Result, error) {
	if len(entry) > fsm.MaxEntryBytes {
		return nil, &fsm.Refusal{Code: fsm.Invalid, Message: fmt.Sprintf("the entry has %d bytes, and %d can be forwarded: write fewer things at once", len(entry), fsm.MaxEntryBytes)}
	}
	var answer Results
	err := c.call(ctx, address, question{path: proposePath, cluster: cluster, entry: entry}, &answer)
	if err == nil && len(answer.Results) == 0 {
		err = errors.New("its answer holds no result")
	}
	if err == nil {
		return answer.Results, nil
	}
	_, refused := errors.AsType[*fsm.Refusal](err)
	_, misdirected := errors.AsType[ErrNotLeader](err)
	switch {
	case refused, errors.Is(err, ErrNoLeader), errors.Is(err, ErrUncertain):
		return nil, fmt.Errorf("propose at %s: %w", address, err)
	case misdirected, errors.Is(err, ErrUnreachable), errors.Is(err, ErrDenied):
		return nil, fmt.Errorf("propose at %s: %w (%w)", address, ErrNoLeader, err)
	}
	return nil, fmt.Errorf("propose at %s: %w (%w)", address, ErrUncertain, err)
}

// Index asks the leader up to where it has applied the log, and, if verified is
// true, to make sure of its lead before it answers. The error is ErrNoLeader
// when nobody leads there, and ErrBehind when no answer came.
func (c *PeerClient) Index(ctx context.Context, address string, verified bool) (uint64, error) {
	var answer IndexAnswer
	err := c.call(ctx, address, question{path: indexPath, asked: IndexRequest{Verified: verified}}, &answer)
	_, misdirected := errors.AsType[ErrNotLeader](err)
	switch {
	case err == nil:
		return answer.Index, nil
	case errors.Is(err, ErrBehind):
		return 0, err
	case misdirected, errors.Is(err, ErrNoLeader), errors.Is(err, ErrUnreachable), errors.Is(err, ErrDenied):
		return 0, fmt.Errorf("%w (%w)", ErrNoLeader, err)
	}
	return 0, fmt.Errorf("%w (%w)", ErrBehind, err)
}

// question is what one node asks of another one.
type question struct {
	path    string
	cluster string // whose answer it is to be, "" if anybody's
	anyNode bool   // whoever is at the address may answer
	asked   any    // goes as JSON, unless there is an entry
	entry   []byte // that fsm.Encode packed
}

func (q question) body() (contentType string, body []byte, err error) {
	if q.entry != nil {
		return entryBody, q.entry, nil
	}
	body, err = json.Marshal(q.asked)
	return jsonBody, body, err
}

var errNameless = errors.New("its answer names no node: is it another program?")

// call asks the node at address, and then the leader that it names.
func (c *PeerClient) call(ctx context.Context, address string, q question, into any) error {
	for range 1 + maxHops {
		err := c.post(ctx, address, q, into)
		elsewhere, misdirected := errors.AsType[ErrNotLeader](err)
		if !misdirected {
			return err
		}
		if err := hostPort(elsewhere.LeaderHTTP); err != nil {
			return fmt.Errorf("%s names a leader that can't be right (%w): %w", address, err, elsewhere)
		}
		address = elsewhere.LeaderHTTP
	}
	return fmt.Errorf("asked %d nodes and none leads, the last one named %s: %w", 1+maxHops, address, ErrNotLeader{})
}

// post asks one node.
func (c *PeerClient) post(ctx context.Context, address string, q question, into any) error {
	contentType, body, err := q.body()
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.scheme()+address+q.path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	request.Header.Set("Content-Type", contentType)
	if !c.Token.IsZero() {
		request.Header.Set("Authorization", c.Token.Header())
	}
	if q.cluster != "" {
		request.Header.Set(clusterHeader, q.cluster)
	}
	response, err := c.http(q.anyNode).Do(request)
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return fmt.Errorf("ask %s: %w: %w", address, ErrUnreachable, err)
	}
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	defer response.Body.Close() // nothing is written by it: there is no error to miss
	answer, err := readAnswer(response.Body)
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", address, err)
	}
	if response.StatusCode == http.StatusOK {
		if err := json.Unmarshal(answer, into); err != nil {
			return fmt.Errorf("the answer of %s can't be read: %w", address, err)
		}
		return nil
	}
	var problem Problem
	if err := json.Unmarshal(answer, &problem); err != nil {
		problem = Problem{} // not one of ours: the status has to do
	}
	if response.StatusCode == http.StatusMisdirectedRequest {
		return ErrNotLeader{LeaderHTTP: problem.LeaderHTTP}
	}
	return errorOf(response.StatusCode, problem)
}

// readAnswer reads a body to its end, and no more than maxAnswer of it.
func readAnswer(from io.Reader) ([]byte, error) {
	answer, err := io.ReadAll(io.LimitReader(from, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("it has more than %d bytes", maxAnswer)
	}
	return answer, nil
}
