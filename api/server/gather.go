package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
)

// askedAtOnce bounds how many nodes are asked at once for one request.
const askedAtOnce = 32

// heard is what became of a question to one node: an answer, or, in words, why
// there is none.
type heard[A any] struct {
	answer A
	silent string
}

// gather asks every observer at once, and takes at most as long as wait. This
// node asks itself without the network. The error says that too many are asking
// already.
func gather[A any](ctx context.Context, s *server, view *fsm.View, wait time.Duration, self func(context.Context) (A, error), other func(ctx context.Context, o *fsm.Observer) (A, error)) (map[string]heard[A], error) {
	leave, err := s.gates.asking.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var mu sync.Mutex // guards all
	all := make(map[string]heard[A], view.ObserverCount())
	places := make(chan struct{}, askedAtOnce) // never closed; one for each that may be asked at once
	var asking sync.WaitGroup
	for o := range view.Observers() {
		ask := self
		if o.Node != s.State.Self().Node {
			ask = func(ctx context.Context) (A, error) { return other(ctx, o) }
		}
		asking.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			answer, err := ask(ctx)
			h := heard[A]{answer: answer}
			if err != nil {
				h.silent = silence(ctx, err, wait)
			}
			mu.Lock()
			defer mu.Unlock()
			all[o.Node] = h
		})
	}
	asking.Wait()
	return all, nil
}

// mistaken reports that another node than the one that was meant has answered: its
// answer says nothing of that one.
func mistaken(meant *fsm.Observer, answers string) error {
	if answers == meant.Node {
		return nil
	}
	return fmt.Errorf("%q answers at its address %s: look for an address that is used twice", answers, meant.HTTP)
}

// silence says in words why a node gave no answer.
func silence(ctx context.Context, err error, wait time.Duration) string {
	switch {
	case ctx.Err() != nil:
		return fmt.Sprintf("it did not answer within %v", wait)
	case errors.Is(err, api.ErrUnreachable):
		return "it can't be reached: it is down, or cut off from here"
	}
	return api.OneLine(err.Error())
}

// accounts asks every observer for what it alone knows of the endpoint key, or
// of its notifications if key is "".
func (s *server) accounts(ctx context.Context, view *fsm.View, key string) (map[string]heard[peer.Account], error) {
	self := func(context.Context) (peer.Account, error) { return s.Peer.Account(key), nil }
	other := func(ctx context.Context, o *fsm.Observer) (peer.Account, error) {
		account, err := s.Peers.Account(ctx, o.HTTP, key)
		return account, cmp.Or(err, mistaken(o, account.Node))
	}
	return gather(ctx, s, view, api.AccountWait, self, other)
}
