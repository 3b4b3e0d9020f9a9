package verify

import (
	"context"
	"errors"
	"fmt"

	"tocsin/health"
	"tocsin/stream"
)

// ask has a script that stays make the check.
func (c *Checks) ask(ctx context.Context, r Request) Sample {
	found, err := c.find(r)
	if err != nil {
		return unknown(err.Error())
	}
	answer, err := c.streams.Ask(ctx, found.Path, question(r))
	return judgeAnswer(r, answer, err)
}

func question(r Request) stream.Question {
	return stream.Question{
		Key: r.Key, Value: r.Value, Timeout: r.Timeout, State: r.State, Node: r.Node, Site: r.Site,
	}
}

// judgeAnswer makes a sample of what came of a question.
func judgeAnswer(r Request, a stream.Answer, err error) Sample {
	switch {
	case err == nil:
		return Sample{Status: a.Status, Reason: a.Reason}
	case errors.Is(err, stream.ErrLate):
		s := Sample{Status: health.Unknown, Reason: fmt.Sprintf("%s did not answer within %v", r.Script, r.Timeout)}
		if r.TimeoutIs == health.Down {
			s.Status = health.Down
		}
		return timedOut(s)
	case errors.Is(err, context.Canceled):
		return unknown("the check was stopped")
	}
	return unknown(err.Error())
}
