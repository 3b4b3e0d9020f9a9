package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"tocsin/api"
	"tocsin/credentials"
	"tocsin/footing"
	"tocsin/prose"
)

// Refused is an answer that is no success.
type Refused struct {
	Status  int
	Problem api.Problem
	address string
	// uncertain says that an earlier try may have done what was asked.
	uncertain bool
	// lacks says in sentences what a cluster without a leader lacks, if that is
	// known.
	lacks string
}

func (r Refused) Error() string {
	switch lacks := strings.TrimSuffix(". "+r.lacks, ". "); {
	case r.Problem.Code == api.CodeNoLeader && r.uncertain:
		return "it may or may not have been done: the leader was lost in the middle of it, and there is none now; repeat it when there is one, which is safe" + lacks
	case r.Problem.Code == api.CodeNoLeader && r.lacks != "":
		return "nothing was done, for there is no leader" + lacks
	}
	if r.Problem.Detail == "" {
		return fmt.Sprintf("%s answered %d %s: is it a node of Tocsin?", r.address, r.Status, http.StatusText(r.Status))
	}
	return r.Problem.Detail
}

// inShort says why it is worth trying again.
func (r Refused) inShort() string {
	switch r.Problem.Code {
	case api.CodeNoLeader:
		return r.address + " knows no leader at the moment"
	case api.CodeUncertain:
		return r.address + " lost the leader half-way"
	}
	return r.address + ": " + prose.OneLine(r.Error())
}

// unanswered is a node that gave no answer.
type unanswered struct{ error }

func (u unanswered) Unwrap() error { return u.error }

// unasked reports whether the node can't have heard of the request: no
// connection was made.
func (u unanswered) unasked() bool {
	op, ok := errors.AsType[*net.OpError](u.error)
	return ok && op.Op == "dial" || credentials.NothingSent(u.error)
}

// Silent is the error about a node that was asked alone and gave no answer, in few
// words.
type Silent struct{ why unanswered }

func (s Silent) Error() string { return reasonOf(s.why) }

// Unwrap lets what is behind it be asked for.
func (s Silent) Unwrap() error { return s.why }

// Hangs reports whether a connection was made, and no answer came by it in time.
func (s Silent) Hangs() bool {
	slow, ok := errors.AsType[net.Error](s.why)
	return ok && slow.Timeout() && !s.why.unasked()
}

// reasonOf says in few words why nobody answered.
func reasonOf(err error) string {
	if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
		return "no answer in time"
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if errors.Is(err, http.ErrSchemeMismatch) {
		return "it speaks plain HTTP: write http:// before its address"
	}
	if errors.Is(err, io.EOF) {
		return "it hung up"
	}
	return credentials.Explain(err).Error()
}

// unheard is the error where no node gave an answer. Silent says of each where it
// was asked, and what came of it.
type unheard struct {
	silent []string
	// uncertain says that one of them may have done what was asked.
	uncertain bool
}

func (u unheard) Error() string {
	text := fmt.Sprintf("no node answers at %s: start one with \"tocsin agent\", or name another one with --address HOST:PORT or TOCSIN_ADDRESS", strings.Join(u.silent, " or "))
	if u.uncertain {
		text += "; what was asked for may have been done all the same"
	}
	return text
}

// Uncertain reports whether what was asked for may have been done though err is
// all that came of it.
func Uncertain(err error) bool {
	if none, nobody := errors.AsType[unheard](err); nobody {
		return none.uncertain
	}
	no, refused := errors.AsType[Refused](err)
	return refused && no.uncertain
}

// AlreadyDone reports whether what a deletion did not find is what an earlier
// try of it, whose answer was lost, has deleted.
func AlreadyDone(err error) bool {
	no, ok := errors.AsType[Refused](err)
	return ok && no.Status == http.StatusNotFound && no.uncertain
}

// lacksPatience is how long a node may take to say what the cluster lacks.
const lacksPatience = 2 * time.Second

// lacks asks the node that knows no leader whom it hears, and says in sentences
// what the cluster lacks, and whom to look after. It is "" if that can't be told.
func (c *Client) lacks(ctx context.Context, no Refused) string {
	if no.Problem.Code != api.CodeNoLeader {
		return ""
	}
	text, err := c.askOne(ctx, no.address, Request{Method: http.MethodGet, Path: "/v1/status", Query: url.Values{"limit": {"1"}}, Timeout: lacksPatience}, nil)
	var status api.Status
	if err != nil || json.Unmarshal(text, &status) != nil || status.Cluster.ID == "" {
		return ""
	}
	all := footing.Of(status.Cluster).Lacks
	if len(all) > 1 {
		return all[0] + " " + all[len(all)-1] // the first reason, and the remedy
	}
	return strings.Join(all, " ")
}
