package peer

import (
	"context"
	"time"

	"tocsin/api"
	"tocsin/health"
	"tocsin/notify"
	"tocsin/verify"
)

// AccountPath is where a node tells others what it alone knows.
const AccountPath = "/v1/peer/account"

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
	Verdict health.Status      `json:"verdict"`
	Samples []api.SeenSample   `json:"samples"`
	Open    []api.OpenProgress `json:"open"`
	// Hears is how many observers have a fresh ballot there, the node included,
	// and Follows who leads it in raft, "" if nobody does.
	Hears   int    `json:"hears"`
	Follows string `json:"follows,omitempty"`
}

// NewAccount returns the account of a node at now.
func NewAccount(node string, verdict health.Status, samples []verify.Sample, open []notify.Open, now time.Time) Account {
	a := Account{Node: node, Verdict: verdict, Samples: []api.SeenSample{}, Open: []api.OpenProgress{}}
	for _, s := range samples {
		a.Samples = append(a.Samples, NewSeenSample(s, now))
	}
	for _, o := range open {
		p := api.OpenProgress{
			Event: o.Event, Key: o.Key, To: o.To, Phase: api.Stage(o.Phase), Role: o.Role, Attempt: o.Attempt, Limit: o.Limit,
			For: api.Readable(now.Sub(o.Changed)), Problem: o.Problem,
		}
		if !o.Until.IsZero() {
			p.Next = api.Readable(max(o.Until.Sub(now), 0))
		}
		a.Open = append(a.Open, p)
	}
	return a
}

// Account asks the node at address what it alone knows of the endpoint key, or
// of all notifications if key is "".
func (c *Client) Account(ctx context.Context, address, key string) (Account, error) {
	var a Account
	if err := c.post(ctx, address, question{path: AccountPath, asked: AccountRequest{Key: key}}, &a); err != nil {
		return Account{}, err
	}
	if a.Node == "" {
		return Account{}, errNameless
	}
	return a, nil
}
