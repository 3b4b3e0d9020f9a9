package peer

import (
	"context"
	"errors"
	"fmt"

	"tocsin/api"
	"tocsin/fsm"
)

// TransferPath is where a node asks the leader to hand the lead over.
const TransferPath = "/v1/peer/transfer"

// TransferRequest is the body of POST /v1/peer/transfer.
type TransferRequest struct {
	To string `json:"to,omitempty"`
}

// Transfer has the leader hand the lead over, to that voter or to any if it is
// "". The node at address may name it.
func (c *Client) Transfer(ctx context.Context, address, to string) error {
	var nothing struct{}
	err := c.call(ctx, address, question{path: TransferPath, asked: TransferRequest{To: to}}, &nothing)
	if _, misdirected := errors.AsType[api.ErrNotLeader](err); misdirected {
		return fmt.Errorf("%w (%w)", api.ErrNoLeader, err)
	}
	return err
}

// Propose has the leader of that cluster commit an entry that fsm.Encode packed:
// at an address that has passed on another cluster's may be found. The error is
// ErrNoLeader when nothing was done (with ErrUnreachable, ErrIncomplete or
// ErrNotLeader, if that is why), ErrUncertain when nobody can tell, or a *fsm.Refusal for an
// entry that nobody would take.
func (c *Client) Propose(ctx context.Context, address, cluster string, entry []byte) ([]fsm.Result, error) {
	if len(entry) > fsm.MaxEntryBytes {
		return nil, &fsm.Refusal{Code: fsm.Invalid, Message: fmt.Sprintf("the entry has %d bytes, and %d can be forwarded: write fewer things at once", len(entry), fsm.MaxEntryBytes)}
	}
	var answer Results
	err := c.call(ctx, address, question{path: ProposePath, cluster: cluster, entry: entry}, &answer)
	if err == nil && len(answer.Results) == 0 {
		err = errors.New("its answer holds no result")
	}
	if err == nil {
		return answer.Results, nil
	}
	_, refused := errors.AsType[*fsm.Refusal](err)
	_, misdirected := errors.AsType[api.ErrNotLeader](err)
	switch {
	case refused, errors.Is(err, api.ErrNoLeader), errors.Is(err, api.ErrUncertain):
		return nil, fmt.Errorf("propose at %s: %w", address, err)
	case misdirected, errors.Is(err, api.ErrUnreachable), errors.Is(err, api.ErrIncomplete), errors.Is(err, api.ErrDenied):
		return nil, fmt.Errorf("propose at %s: %w (%w)", address, api.ErrNoLeader, err)
	}
	return nil, fmt.Errorf("propose at %s: %w (%w)", address, api.ErrUncertain, err)
}

// Index asks the leader up to where it has applied the log, and, if verified is
// true, to make sure of its lead before it answers. The error is ErrNoLeader
// when nobody leads there, and ErrBehind when no answer came.
func (c *Client) Index(ctx context.Context, address string, verified bool) (uint64, error) {
	var answer IndexAnswer
	err := c.call(ctx, address, question{path: IndexPath, asked: IndexRequest{Verified: verified}}, &answer)
	_, misdirected := errors.AsType[api.ErrNotLeader](err)
	switch {
	case err == nil:
		return answer.Index, nil
	case errors.Is(err, api.ErrBehind):
		return 0, err
	case misdirected, errors.Is(err, api.ErrNoLeader), errors.Is(err, api.ErrUnreachable), errors.Is(err, api.ErrIncomplete), errors.Is(err, api.ErrDenied):
		return 0, fmt.Errorf("%w (%w)", api.ErrNoLeader, err)
	}
	return 0, fmt.Errorf("%w (%w)", api.ErrBehind, err)
}

// IndexRequest is the body of POST /v1/peer/index, IndexAnswer its answer: up
// to where the leader has applied the log, and, if asked, surely still leads.
type IndexRequest struct {
	Verified bool `json:"verified"`
}

// IndexAnswer is the leader's answer to an IndexRequest.
type IndexAnswer struct {
	Index uint64 `json:"index"`
}

// Results answers POST /v1/peer/propose: one result for each command.
type Results struct {
	Results []fsm.Result `json:"results"`
}
