package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"tocsin/access"
	"tocsin/fsm"
)

// ErrUnsettled says that a node does not know the tokens of its cluster yet.
var ErrUnsettled = errors.New("this node does not know the tokens of its cluster yet: ask again in a moment, or ask another node")

// ErrNoLeader says that there is no leader to do the work, and that nothing
// was done.
var ErrNoLeader = errors.New("there is no leader at the moment and nothing was done: try again in a second; if it stays so, see /readyz of each node, for fewer than a majority of them can talk to each other")

// ErrUncertain says that a change was handed over and that nobody can tell
// whether it was committed.
var ErrUncertain = errors.New("the leader was lost while it did this, so that it may or may not have been done: repeat it, which is safe")

// ErrUnreachable says that no connection to a node could be made: it was asked
// nothing.
var ErrUnreachable = errors.New("the node can't be reached")

// ErrIncomplete says that a node has answered, but that what it was sent had not
// come in whole, so that nothing was done.
var ErrIncomplete = errors.New("what the node was sent did not come in whole there, and nothing was done: try again")

// ErrBehind says that a node could not come to know in time what a read asks
// it to know.
var ErrBehind = errors.New("this node did not come to know in time what the leader knows: ask again, ask another node, or ask with consistency=stale")

// ErrDenied says that a node does not let this one in, and that nothing was done.
var ErrDenied = errors.New("it does not let this node in")

// ErrNotLeader says that another node leads.
type ErrNotLeader struct {
	// LeaderHTTP is the leader's HTTP address, "" when it is not known.
	LeaderHTTP string
}

// Error names the leader, if it is known.
func (e ErrNotLeader) Error() string {
	if e.LeaderHTTP == "" {
		return "this node is not the leader and does not know who is: try again in a second"
	}
	return "this node is not the leader: ask " + e.LeaderHTTP
}

// Fault is an error that already knows its kind.
type Fault struct {
	Code Code
	text string
}

func (f Fault) Error() string { return f.text }

// Faultf returns an error that knows its kind: it becomes a [Problem] of that code,
// wherever it is wrapped.
func Faultf(code Code, format string, args ...any) error {
	return Fault{code, fmt.Sprintf(format, args...)}
}

// BadRequest is Faultf for a request that makes no sense as it stands.
func BadRequest(format string, args ...any) error { return Faultf(CodeInvalid, format, args...) }

// NotFound is Faultf for what there is not.
func NotFound(format string, args ...any) error { return Faultf(CodeNotFound, format, args...) }

// Unavailable is Faultf for what this node can't tell or do at the moment.
func Unavailable(err error) error { return Fault{CodeUnavailable, err.Error()} }

// ProblemOf maps an error to its answer. What it does not know is a fault of
// ours.
func ProblemOf(err error) *Problem {
	if r, ok := errors.AsType[*fsm.Refusal](err); ok {
		return NewProblem(Code(r.Code), r.Message)
	}
	if n, ok := errors.AsType[ErrNotLeader](err); ok {
		if n.LeaderHTTP == "" {
			return NewProblem(CodeNoLeader, n.Error())
		}
		p := NewProblem(CodeNotLeader, n.Error())
		p.LeaderHTTP = n.LeaderHTTP
		return p
	}
	if f, ok := errors.AsType[Fault](err); ok {
		return NewProblem(f.Code, f.text)
	}
	if d, ok := errors.AsType[access.Denial](err); ok { // of a node that registers
		if d.Unproven {
			return NewProblem(CodeUnauthenticated, d.Reason)
		}
		return NewProblem(CodeForbidden, d.Reason)
	}
	if m, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return NewProblem(CodeTooLarge, fmt.Sprintf("the body is too large: at most %d bytes are taken here", m.Limit))
	}
	switch {
	case errors.Is(err, ErrUnsettled):
		return NewProblem(CodeUnavailable, err.Error())
	case errors.Is(err, ErrBehind):
		return NewProblem(CodeBehind, err.Error())
	case errors.Is(err, ErrNoLeader), errors.Is(err, ErrUnreachable):
		return NewProblem(CodeNoLeader, err.Error())
	case errors.Is(err, ErrIncomplete): // between two nodes: whoever asked the first one has sent all
		return NewProblem(CodeUnavailable, err.Error())
	case errors.Is(err, ErrUncertain):
		return NewProblem(CodeUncertain, err.Error())
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return NewProblem(CodeUncertain, "the answer did not come in time, so that it may or may not have been done: repeat it, which is safe")
	}
	return NewProblem(CodeInternal, "this should not have happened, the log of the node may say more: "+err.Error())
}

// ErrorOf is the way back: the error that another node's answer stands for.
func ErrorOf(status int, p Problem) error {
	switch {
	case p.Code == CodeNoLeader:
		return ErrNoLeader
	case p.Code == CodeUncertain:
		return ErrUncertain
	case p.Code == CodeBehind:
		return ErrBehind
	case p.Code == CodeIncomplete:
		return ErrIncomplete
	case p.Detail == "": // not one of our answers, whatever its status means
		return fmt.Errorf("it answered %d %s: is it a node of Tocsin?", status, http.StatusText(status))
	case p.Code == CodeInvalid, p.Code == CodeNotFound, p.Code == CodeConflict, p.Code == CodeUnmet, p.Code == CodeTooOld:
		return &fsm.Refusal{Code: fsm.Code(p.Code), Message: p.Detail}
	case p.Code == CodeUnauthenticated, p.Code == CodeForbidden, p.Code == CodeTooMany:
		return fmt.Errorf("%w: %s", ErrDenied, p.Detail)
	case status == http.StatusBadRequest: // a kind that a newer node knows: refused all the same
		return &fsm.Refusal{Code: fsm.Invalid, Message: p.Detail}
	}
	return fmt.Errorf("it answered %d: %s", status, p.Detail)
}
