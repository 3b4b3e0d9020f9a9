package api

import (
	"net/http"
	"strings"
)

// Problem is the answer to whatever could not be done under /v1, as RFC 9457
// has it. It is the one form in which an error crosses the wire.
type Problem struct {
	// Type leads to a page about this kind of problem, on the node itself.
	Type string `json:"type" format:"uri-reference" doc:"A page about this kind of problem, relative to the node"`
	// Title is the same for all problems of a kind.
	Title  string `json:"title" doc:"The kind of problem in a few words"`
	Status int    `json:"status" minimum:"400" maximum:"599" doc:"The HTTP status"`
	// Detail is one sentence that says what is wrong and what to do.
	Detail string `json:"detail" doc:"What is wrong this time, and what to do"`
	// Code is a word for programs that branch on it.
	Code Code `json:"code" doc:"The kind of problem as a word, for programs"`
	// LeaderHTTP is where the leader is, in the answers to nodes.
	LeaderHTTP string `json:"leader_http,omitempty" doc:"Where the leader is, in answers to other nodes"`
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return ProblemType }

// GetHeaders implements huma.HeadersError: what passes may be asked again soon.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	switch p.Status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		h.Set("Retry-After", "1")
	case http.StatusRequestTimeout:
		h.Set("Connection", "close") // what is left of the body is not waited for
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="tocsin"`)
	}
	return h
}

const ProblemType = "application/problem+json"

// NewProblem returns a problem of one of our kinds. Of a kind that only a newer
// node knows there is no page: RFC 9457 has about:blank for that.
func NewProblem(code Code, detail string) *Problem {
	k, known := KindOf(code)
	if !known {
		return &Problem{Type: "about:blank", Title: http.StatusText(http.StatusBadRequest), Status: http.StatusBadRequest, Detail: OneLine(detail), Code: code}
	}
	return &Problem{Type: ProblemsPath + string(code), Title: k.Title, Status: k.Status, Detail: OneLine(detail), Code: code}
}

// OneLine keeps what belongs on one line there, whatever is quoted in it.
func OneLine(text string) string { return strings.Join(strings.FieldsFunc(text, isLineBreak), "; ") }

func isLineBreak(r rune) bool { return r == '\n' || r == '\r' }
