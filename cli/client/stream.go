package client

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"tocsin/api"
)

const (
	// silence is how long a stream may say nothing at all: three heartbeats.
	silence = 45 * time.Second
	// maxMessage bounds the lines of a stream.
	maxMessage = 4 << 20
)

// errEnded says that a node has ended its stream, as it does when it stops.
var errEnded = errors.New("it has ended the stream")

// Message is one server-sent event.
type Message struct{ Kind, id, Data string }

// Stream is what nodes tell as it happens.
type Stream struct {
	Path string // with its query
	// LastID is the id of the message to go on behind, "" for what comes next.
	LastID string
	// OfOneNode says that no other node tells the same: once one has answered it
	// is waited for, and not replaced.
	OfOneNode bool
}

// shown is an error of whoever the messages are shown to.
type shown struct{ error }

func (s shown) Unwrap() error { return s.error }

// Follow hands each message to show, in their order, until ctx ends, which is no
// error. Where a stream ends it goes on behind the last message, at the next
// address, or, of one node, at the same. An error of show ends it.
func (c *Client) Follow(ctx context.Context, s Stream, show func(Message) error) error {
	streaming := c.streamClient()
	heard := "" // the address of the node that has answered
	for turn := 0; ; turn++ {
		address := c.Addresses[turn%len(c.Addresses)]
		if s.OfOneNode && heard != "" {
			address = heard
		}
		err := c.listen(ctx, streaming, address, s, func(m Message) error {
			heard = address
			if err := show(m); err != nil {
				return err
			}
			s.LastID = cmp.Or(m.id, s.LastID)
			return nil
		})
		if ctx.Err() != nil {
			return nil // as asked
		}
		if told, ok := errors.AsType[shown](err); ok {
			return told.error
		}
		if no, ok := errors.AsType[Refused](err); ok && (s.OfOneNode || no.Status != http.StatusServiceUnavailable) {
			return no
		}
		switch why := reasonOf(err); {
		case s.OfOneNode && heard != "":
			c.say(fmt.Sprintf("%s: %s, waiting for it", address, why))
		case s.OfOneNode && turn+1 == len(c.Addresses):
			return fmt.Errorf("no node answers at %s (%s): name another one with --address HOST:PORT or TOCSIN_ADDRESS", strings.Join(c.Addresses, " or "), why)
		case s.OfOneNode:
			continue
		default:
			c.say(fmt.Sprintf("%s: %s, going on at %s", address, why, c.Addresses[(turn+1)%len(c.Addresses)]))
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

// streamClient returns what reads streams: they have no end to wait for.
func (c *Client) streamClient() *http.Client {
	transport := c.transport.Clone()
	transport.ResponseHeaderTimeout = answerTimeout
	return &http.Client{Transport: transport}
}

// listen hands each message of one node's stream to show, until it ends. Messages
// without a kind are signs of life.
func (c *Client) listen(ctx context.Context, streaming *http.Client, address string, s Stream, show func(Message) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alive := time.AfterFunc(silence, func() { cancel(fmt.Errorf("it has said nothing for %v", silence)) })
	defer alive.Stop()
	asked, err := http.NewRequestWithContext(ctx, http.MethodGet, urlOf(address)+s.Path, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	c.identify(asked)
	if s.LastID != "" {
		asked.Header.Set("Last-Event-ID", s.LastID)
	}
	answer, err := streaming.Do(asked)
	if err != nil {
		return err
	}
	defer answer.Body.Close() // nothing is written by it: there is no error to miss
	if answer.StatusCode != http.StatusOK {
		no := Refused{Status: answer.StatusCode, address: address}
		text, _ := io.ReadAll(io.LimitReader(answer.Body, maxMessage))
		if json.Unmarshal(text, &no.Problem) != nil {
			no.Problem = api.Problem{} // not one of ours: the status has to do
		}
		return no
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, maxMessage)
	var m Message
	for lines.Scan() {
		alive.Reset(silence)
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case name == "event":
			m.Kind = value
		case name == "id":
			m.id = value
		case name == "data":
			m.Data = value
		case lines.Text() == "":
			if err := show(m); err != nil {
				return shown{err}
			}
			m = Message{}
		}
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return errEnded
}
