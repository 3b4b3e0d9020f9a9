package peer

import (
	"context"
	"time"

	"tocsin/api"
	"tocsin/verify"
)

// CheckPath is where a node is asked to check an endpoint now.
const CheckPath = "/v1/peer/check"

// NewSeenSample returns s as it looks at now.
func NewSeenSample(s verify.Sample, now time.Time) api.SeenSample {
	return api.SeenSample{
		Status: s.Status, Reason: s.Reason, Time: api.ReadableTime(s.Time), Ago: api.Readable(now.Sub(s.Time)),
		Duration: api.Readable(s.Duration), Late: api.Readable(s.Late), Revision: s.Revision,
	}
}

// CheckRequest is the body of POST /v1/peer/check.
type CheckRequest struct {
	Key string `json:"key"`
}

// CheckAnswer is the answer to it: what came out, and on which node.
type CheckAnswer struct {
	Node   string         `json:"node"`
	Sample api.SeenSample `json:"sample"`
}

// Check has the node at address check the endpoint key now.
func (c *Client) Check(ctx context.Context, address, key string) (CheckAnswer, error) {
	var answer CheckAnswer
	if err := c.post(ctx, address, question{path: CheckPath, asked: CheckRequest{Key: key}}, &answer); err != nil {
		return CheckAnswer{}, err
	}
	if answer.Node == "" {
		return CheckAnswer{}, errNameless
	}
	return answer, nil
}
