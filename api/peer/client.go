package peer

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
	"tocsin/api"
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

// Client asks other nodes for what only the leader can do. Any node may be
// asked: one that does not lead names the leader. A call lasts no longer than its
// context. The zero Client is ready for use.
type Client struct {
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
func (c *Client) http(anyNode bool) *http.Client {
	c.once.Do(func() { c.known, c.anybody = c.newClient(false), c.newClient(true) })
	if anyNode {
		return c.anybody
	}
	return c.known
}

func (c *Client) newClient(anyNode bool) *http.Client {
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

func (c *Client) scheme() string {
	if c.Dial != nil {
		return "https://"
	}
	return "http://"
}

// Close lets go of the connections that are kept for the next call.
func (c *Client) Close() {
	c.http(false).CloseIdleConnections()
	c.http(true).CloseIdleConnections()
}

// call asks the node at address, and then the leader that it names.
func (c *Client) call(ctx context.Context, address string, q question, into any) error {
	for range 1 + maxHops {
		err := c.post(ctx, address, q, into)
		elsewhere, misdirected := errors.AsType[api.ErrNotLeader](err)
		if !misdirected {
			return err
		}
		if err := CheckAddress(elsewhere.LeaderHTTP); err != nil {
			return fmt.Errorf("%s names a leader that can't be right (%w): %w", address, err, elsewhere)
		}
		address = elsewhere.LeaderHTTP
	}
	return fmt.Errorf("asked %d nodes and none leads, the last one named %s: %w", 1+maxHops, address, api.ErrNotLeader{})
}

// post asks one node.
func (c *Client) post(ctx context.Context, address string, q question, into any) error {
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
		request.Header.Set(ClusterHeader, q.cluster)
	}
	response, err := c.http(q.anyNode).Do(request)
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return fmt.Errorf("ask %s: %w: %w", address, api.ErrUnreachable, err)
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
	var problem api.Problem
	if err := json.Unmarshal(answer, &problem); err != nil {
		problem = api.Problem{} // not one of ours: the status has to do
	}
	if response.StatusCode == http.StatusMisdirectedRequest {
		return api.ErrNotLeader{LeaderHTTP: problem.LeaderHTTP}
	}
	return api.ErrorOf(response.StatusCode, problem)
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
