package verify

import (
	"context"

	"tocsin/fsm"
	"tocsin/script"
	"tocsin/stream"
)

// Trial is a check that somebody makes to see what it does.
type Trial struct {
	Sample Sample
	// Asked is the line that a script of the kind stream was asked with, "" for
	// the other kinds.
	Asked string
	// Ran is how the script ended, nil if none was run.
	Ran *script.Result
}

// Try makes one check of a kind that runs a script, as Check would, and tells
// what the script did. One of the kind stream is started for it, and ended.
func (c *Checks) Try(ctx context.Context, r Request) Trial {
	switch r.Kind {
	case fsm.CheckNagios:
		s, ran := c.runPlugin(ctx, r)
		return Trial{Sample: s, Ran: ran}
	case fsm.CheckStream:
		found, err := c.find(r)
		if err != nil {
			return Trial{Sample: unknown(err.Error())}
		}
		t := stream.Try(ctx, found.User, found.Path, question(r))
		return Trial{Sample: judgeAnswer(r, t.Answer, t.Err), Asked: t.Asked, Ran: t.Ran}
	}
	s, ran := c.runScript(ctx, r)
	return Trial{Sample: s, Ran: ran}
}
