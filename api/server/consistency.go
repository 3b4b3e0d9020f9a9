package server

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/api"
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

// view returns what a read of the state is to be answered from.
func (s *server) view(ctx context.Context, c consistency) (*fsm.View, error) {
	if err := s.catchUp(ctx, c); err != nil {
		return nil, err
	}
	return s.known()
}

// known returns the state for whoever must not be told that there is nothing by
// a node that only does not know of it yet.
func (s *server) known() (*fsm.View, error) {
	if s.Freshness.Blank() { // asked first: the View may be filled at any moment
		leader, led := s.Membership.Leader()
		return nil, api.Faultf(api.CodeBehind, "%s", blankness(leader.Node, led, time.Since(s.State.Self().Started)))
	}
	return s.State.View(), nil
}

// anyView is view for what a node can tell before it knows the state.
func (s *server) anyView(ctx context.Context, c consistency) (*fsm.View, error) {
	if err := s.catchUp(ctx, c); err != nil {
		return nil, err
	}
	return s.State.View(), nil
}

// blankness says why a member knows nothing yet, and what to do about it. It is
// the same from second to second, for whoever says it once.
func blankness(leader string, led bool, running time.Duration) string {
	switch {
	case running < api.StartingTime:
		return "this node has just started and does not know yet what its cluster holds: ask another one, or again in a moment"
	case led:
		return fmt.Sprintf("this node was started a while ago and has not come to know yet what its cluster holds, which %s leads: ask another one; the log of this node says what keeps it", leader)
	}
	return "this node has found no leader since it was started, who alone can say how much of what is on its disk holds: " +
		"ask another node, or start the others until a majority of the voters can talk to each other; if most of them are lost for good, stop this one and see \"tocsin recover majority --help\""
}

// catchUp waits until this node knows as much as a read asks for.
func (s *server) catchUp(ctx context.Context, c consistency) error {
	switch c {
	case "", stale:
	case ofLeader, linearizable:
		ctx, cancel := context.WithTimeout(ctx, readWait)
		defer cancel()
		if err := s.Freshness.CatchUp(ctx, c == linearizable); err != nil {
			return err
		}
	default:
		return api.BadRequest("consistency %q is none of stale, leader and linearizable", string(c))
	}
	return nil
}
