package server

import (
	"context"
	"errors"
	"time"

	"tocsin/api"
	"tocsin/fsm"
)

// writeWait is the longest that a request waits for a write.
const writeWait = 10 * time.Second

// propose hands one command to the cluster and turns a refusal into an error.
func (s *server) propose(ctx context.Context, command fsm.Command) (fsm.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, writeWait)
	defer cancel()
	results, err := s.Writer.Propose(ctx, command)
	if err != nil {
		return fsm.Result{}, err
	}
	if len(results) != 1 {
		return fsm.Result{}, errors.New("one command was not answered by one result")
	}
	if refused := results[0].Refused; refused != nil {
		return fsm.Result{}, refused
	}
	return results[0], nil
}

// set proposes the command, if all that can be known here speaks for it. The
// leader looks at the rest: it alone has the newest state.
func (s *server) set(ctx context.Context, from string, command fsm.SetEndpoint) (fsm.Result, error) {
	if err := errors.Join(fsm.ValidateKey(command.Key), fsm.ValidateValue(command.Value)); err != nil {
		return fsm.Result{}, api.BadRequest("%v", err)
	}
	if err := s.scriptsExist(command.Overrides); err != nil {
		return fsm.Result{}, err
	}
	result, err := s.propose(ctx, command)
	if err != nil {
		return fsm.Result{}, err
	}
	if result.Changed {
		s.log.Info("endpoint set", "key", command.Key, "by", by(ctx), "index", result.Index, "from_address", from)
	}
	return result, nil
}

func (s *server) remove(ctx context.Context, from string, command fsm.DeleteEndpoint) (fsm.Result, error) {
	if err := checkedKey(command.Key); err != nil {
		return fsm.Result{}, err
	}
	result, err := s.propose(ctx, command)
	if err != nil {
		return fsm.Result{}, err
	}
	s.log.Info("endpoint deleted", "key", command.Key, "by", by(ctx), "index", result.Index, "from_address", from)
	return result, nil
}

// scriptsExist refuses the name of a script that this node does not have: all
// nodes should have the same, and a typing error is best told at once.
func (s *server) scriptsExist(o *fsm.Overrides) error {
	if o == nil {
		return nil
	}
	for _, named := range []struct {
		setting string
		script  *string
	}{{"verify", o.Verify}, {"notify", o.Notify}} {
		if named.script == nil {
			continue
		}
		if _, err := s.Scripts.Resolve(*named.script); err != nil {
			return api.BadRequest("%s: %v", named.setting, err)
		}
	}
	return nil
}
