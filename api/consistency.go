package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/fsm"
)

// consistency says how much a read has to know; empty is stale.
type consistency string

const (
	stale        consistency = "stale"
	ofLeader     consistency = "leader"
	linearizable consistency = "linearizable"
)

// readWait is the longest that a read waits until this node knows enough.
const readWait = 5 * time.Second

// Schema implements huma.SchemaProvider.
func (consistency) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Enum: []any{stale, ofLeader, linearizable}, Default: stale,
		Description: "How much the answer has to know. stale: what this node knows, at once. leader: at least what the leader knows, " +
			"as far as it believes to lead. linearizable: every write that was acknowledged, by any node, before the request was sent; " +
			"the leader asks a majority whether it still leads.",
	}
}

// view returns what a read of the state is to be answered from. A node that does
// not know it yet must not say that there is nothing.
func (s *server) view(ctx context.Context, c consistency) (*fsm.View, error) {
	view, err := s.anyView(ctx, c)
	if err == nil && s.Freshness.Blank() {
		return nil, faultf(CodeBehind, "this node has just started and does not know yet what its cluster holds: ask another one, or again in a moment")
	}
	return view, err
}

// anyView is view for reads that a node can answer before it knows the state.
func (s *server) anyView(ctx context.Context, c consistency) (*fsm.View, error) {
	switch c {
	case "", stale:
	case ofLeader, linearizable:
		ctx, cancel := context.WithTimeout(ctx, readWait)
		defer cancel()
		if err := s.Freshness.CatchUp(ctx, c == linearizable); err != nil {
			return nil, err
		}
	default:
		return nil, badRequest("consistency %q is none of stale, leader and linearizable", string(c))
	}
	return s.State.View(), nil
}
