package cli

import (
	"bufio"
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

// errOutput says that what is shown can't be written: nobody reads it any more.
var errOutput = errors.New("the output can't be written")

// streamClient returns what reads streams: they have no end to wait for.
func (c *client) streamClient() *http.Client {
	transport := c.transport.Clone()
	transport.ResponseHeaderTimeout = answerTimeout
	return &http.Client{Transport: transport}
}

// listen reads the server-sent events at path, behind lastID if that is not "",
// and hands each to show, until the stream ends. Messages without a kind are
// signs of life.
func (c *client) listen(ctx context.Context, streaming *http.Client, address, path, lastID string, show func(kind, id, data string) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alive := time.AfterFunc(silence, func() { cancel(fmt.Errorf("it has said nothing for %v", silence)) })
	defer alive.Stop()
	asked, err := http.NewRequestWithContext(ctx, http.MethodGet, urlOf(address)+path, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	c.identify(asked)
	if lastID != "" {
		asked.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := streaming.Do(asked)
	if err != nil {
		return err
	}
	defer answer.Body.Close() // nothing is written by it: there is no error to miss
	if answer.StatusCode != http.StatusOK {
		no := refused{status: answer.StatusCode, address: address}
		text, _ := io.ReadAll(io.LimitReader(answer.Body, maxMessage))
		if json.Unmarshal(text, &no.problem) != nil {
			no.problem = api.Problem{} // not one of ours: the status has to do
		}
		return no
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, maxMessage)
	var kind, id, data string
	for lines.Scan() {
		alive.Reset(silence)
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case name == "event":
			kind = value
		case name == "id":
			id = value
		case name == "data":
			data = value
		case lines.Text() == "":
			if err := show(kind, id, data); err != nil {
				return err
			}
			kind, id, data = "", "", ""
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
