package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"tocsin/fsm"
)

// ErrNoLeader says that there is no leader to do the work, and that nothing
// was done.
var ErrNoLeader = errors.New("there is no leader at the moment and nothing was done: try again in a second; if it stays so, see /readyz of each node, for fewer than a majority of them can talk to each other")

// ErrUncertain says that a change was handed over and that nobody can tell
// whether it was committed.
var ErrUncertain = errors.New("the leader was lost while it did this, so that it may or may not have been done: repeat it, which is safe")

// ErrUnreachable says that no connection to a node could be made: it was asked
// nothing.
var ErrUnreachable = errors.New("the node can't be reached")

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

// fault is an error that already knows its HTTP status.
type fault struct {
	status int
	text   string
}

func (f fault) Error() string { return f.text }

func badRequest(format string, args ...any) error {
	return fault{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func forbidden(format string, args ...any) error {
	return fault{http.StatusForbidden, fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return fault{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

func unavailable(err error) error { return fault{http.StatusServiceUnavailable, err.Error()} }

// answerOf maps an error to its HTTP status and body. What it does not know is
// a fault of ours: 500.
func answerOf(err error) (int, Problem) {
	if r, ok := errors.AsType[*fsm.Refusal](err); ok {
		return statusOfRefusal(r.Code), Problem{Error: r.Message, Code: Code(r.Code)}
	}
	if n, ok := errors.AsType[ErrNotLeader](err); ok {
		if n.LeaderHTTP == "" {
			return http.StatusServiceUnavailable, Problem{Error: n.Error(), Code: CodeNoLeader}
		}
		return http.StatusMisdirectedRequest, Problem{Error: n.Error(), Code: CodeNotLeader, LeaderHTTP: n.LeaderHTTP}
	}
	if f, ok := errors.AsType[fault](err); ok {
		return f.status, Problem{Error: f.text}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge, Problem{Error: "the body is too large: " + err.Error()}
	}
	switch {
	case errors.Is(err, ErrNoLeader), errors.Is(err, ErrUnreachable):
		return http.StatusServiceUnavailable, Problem{Error: err.Error(), Code: CodeNoLeader}
	case errors.Is(err, ErrUncertain):
		return http.StatusServiceUnavailable, Problem{Error: err.Error(), Code: CodeUncertain}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable, Problem{
			Error: "the answer did not come in time, so that it may or may not have been done: repeat it, which is safe",
			Code:  CodeUncertain,
		}
	}
	return http.StatusInternalServerError, Problem{Error: "this should not have happened, the log of the node may say more: " + err.Error()}
}

func statusOfRefusal(code fsm.Code) int {
	switch code {
	case fsm.NotFound:
		return http.StatusNotFound
	case fsm.Conflict, fsm.TooOld:
		return http.StatusConflict
	case fsm.Invalid:
		return http.StatusBadRequest
	}
	return http.StatusBadRequest // a kind that a newer node knows: refused all the same
}

// errorOf is the way back: the error that another node's answer stands for.
func errorOf(status int, p Problem) error {
	switch {
	case p.Code == CodeNoLeader:
		return ErrNoLeader
	case p.Code == CodeUncertain:
		return ErrUncertain
	case p.Error == "": // not one of our answers, whatever its status means
		return fmt.Errorf("it answered %d %s: is it a node of Tocsin?", status, http.StatusText(status))
	case status == http.StatusNotFound, status == http.StatusConflict, status == http.StatusBadRequest:
		return &fsm.Refusal{Code: refusalOf(status, p.Code), Message: p.Error}
	}
	return fmt.Errorf("it answered %d: %s", status, p.Error)
}

func refusalOf(status int, code Code) fsm.Code {
	if code == Code(fsm.TooOld) {
		return fsm.TooOld
	}
	switch status {
	case http.StatusNotFound:
		return fsm.NotFound
	case http.StatusConflict:
		return fsm.Conflict
	}
	return fsm.Invalid
}

// fail answers with err: JSON under /v1, one line of text elsewhere.
func fail(c *gin.Context, err error) {
	status, problem := answerOf(err)
	c.Writer.Header().Del("Content-Type") // of an answer that did not come to be
	if status == http.StatusServiceUnavailable {
		c.Header("Retry-After", "1")
	}
	if strings.HasPrefix(c.Request.URL.Path, "/v1/") {
		writeJSON(c, status, problem)
		return
	}
	writeText(c, status, oneLine(problem.Error)+"\n")
}

// oneLine keeps an answer of one line on one line, whatever is quoted in it.
func oneLine(text string) string { return strings.Join(strings.FieldsFunc(text, isLineBreak), "; ") }

func isLineBreak(r rune) bool { return r == '\n' || r == '\r' }
