package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/notify"
	"tocsin/verify"
)

// accountPath is where a node tells others what it alone knows.
const accountPath = "/v1/peer/account"

// MaxOpen is how many open notifications a node tells of at most.
const MaxOpen = 1000

// AccountRequest is the body of POST /v1/peer/account. Without a key it asks
// for the notifications of all endpoints, and for no samples.
type AccountRequest struct {
	Key string `json:"key,omitempty"`
}

// Account is what one node alone knows: what it saw, which notifications it has
// not ended, and whom it hears. Ages are by the clock of that node, so that nobody compares
// the clocks of two.
type Account struct {
	Node string `json:"node"`
	// Verdict is what the node holds of the endpoint, Samples what it saw last,
	// oldest first.
	Verdict health.Status  `json:"verdict"`
	Samples []SeenSample   `json:"samples"`
	Open    []OpenProgress `json:"open"`
	// Hears is how many observers have a fresh ballot there, the node included,
	// and Follows who leads it in raft, "" if nobody does.
	Hears   int    `json:"hears"`
	Follows string `json:"follows,omitempty"`
}

// SeenSample is the result of one check on one node.
type SeenSample struct {
	Status health.Status `json:"status"`
	// Reason is the first line that the check printed, or why it says nothing.
	Reason string `json:"reason,omitempty"`
	// Time is when the check started, Ago how long that is ago, both by the
	// clock of its node. Late is how long after it was due it started.
	Time     time.Time    `json:"time"`
	Ago      fsm.Duration `json:"ago"`
	Duration fsm.Duration `json:"duration"`
	Late     fsm.Duration `json:"late,omitzero"`
	// Revision is the endpoint's at the start: those of an earlier one are about
	// another value, or another check.
	Revision uint64 `json:"revision"`
}

// OpenProgress is how far a notification has come that has not ended.
type OpenProgress struct {
	Event uint64        `json:"event"`
	Key   string        `json:"key"`
	To    health.Status `json:"to"`
	Phase Stage         `json:"phase" enum:"waiting,pausing,running,interrupted"`
	// Role and Attempt are those of the last run that was started, absent if
	// none was; Limit is the last attempt that is allowed.
	Role    fsm.Role `json:"role,omitempty"`
	Attempt int      `json:"attempt"`
	Limit   int      `json:"limit,omitempty"`
	// For is how long it has been in this phase, Next when the pause between
	// two attempts is over.
	For  fsm.Duration `json:"for"`
	Next fsm.Duration `json:"next,omitzero"`
	// Problem says what went wrong in the last attempt.
	Problem string `json:"problem,omitempty"`
}

// NewAccount returns the account of a node at now.
func NewAccount(node string, verdict health.Status, samples []verify.Sample, open []notify.Open, now time.Time) Account {
	a := Account{Node: node, Verdict: verdict, Samples: []SeenSample{}, Open: []OpenProgress{}}
	for _, s := range samples {
		a.Samples = append(a.Samples, NewSeenSample(s, now))
	}
	for _, o := range open {
		p := OpenProgress{
			Event: o.Event, Key: o.Key, To: o.To, Phase: Stage(o.Phase), Role: o.Role, Attempt: o.Attempt, Limit: o.Limit,
			For: readable(now.Sub(o.Changed)), Problem: o.Problem,
		}
		if !o.Until.IsZero() {
			p.Next = readable(max(o.Until.Sub(now), 0))
		}
		a.Open = append(a.Open, p)
	}
	return a
}

func (s *server) peerAccount(c *gin.Context, _ url.Values) error {
	asked, err := readAsked[AccountRequest](c, "request")
	if err != nil {
		return err
	}
	if asked.Key != "" {
		if err := checkedKey(asked.Key); err != nil {
			return err
		}
	}
	writeJSON(c, http.StatusOK, jsonType, s.Peer.Account(asked.Key))
	return nil
}

// Account asks the node at address what it alone knows of the endpoint key, or
// of all notifications if key is "".
func (c *PeerClient) Account(ctx context.Context, address, key string) (Account, error) {
	var a Account
	if err := c.post(ctx, address, question{path: accountPath, asked: AccountRequest{Key: key}}, &a); err != nil {
		return Account{}, err
	}
	if a.Node == "" {
		return Account{}, errNameless
	}
	return a, nil
}
