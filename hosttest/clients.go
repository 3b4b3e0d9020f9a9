//go:build linux

package hosttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/api"
	"tocsin/clustertest/check"
	"tocsin/fsm"
)

// clientCount clients write beside the faults, each one thing at a time.
const clientCount = 3

// churn is what goes on beside the faults: clients write, and the world changes.
type churn struct {
	cluster *Cluster
	paused  atomic.Bool
	busy    sync.RWMutex // held by whoever does something, taken by pause
	stop    context.CancelFunc
	working sync.WaitGroup
}

// churn starts it. It is paused at first.
func (c *Cluster) churn(ctx context.Context) *churn {
	ctx, stop := context.WithCancel(ctx)
	u := &churn{cluster: c, stop: stop}
	u.paused.Store(true)
	for number := range clientCount {
		dice := rand.New(rand.NewPCG(c.cfg.Seed, uint64(100+number)))
		u.working.Go(func() {
			u.every(ctx, dice, 2*time.Second, func() { u.clientWrites(ctx, number, dice) })
		})
	}
	dice := rand.New(rand.NewPCG(c.cfg.Seed, 99))
	u.working.Go(func() {
		u.every(ctx, dice, 2*time.Second, func() {
			if err := c.world.flip(dice); err != nil {
				c.record.broken("the world does not change: %v", err)
			}
		})
	})
	return u
}

// every does something again and again with pauses of up to twice that length,
// while it goes on.
func (u *churn) every(ctx context.Context, dice *rand.Rand, pause time.Duration, do func()) {
	for {
		select {
		case <-time.After(time.Duration(dice.Int64N(int64(2 * pause)))):
		case <-ctx.Done():
			return
		}
		u.busy.RLock()
		if !u.paused.Load() {
			do()
		}
		u.busy.RUnlock()
	}
}

// pause returns when nothing goes on any more.
func (u *churn) pause() {
	u.paused.Store(true)
	u.busy.Lock()
	defer u.busy.Unlock()
}

func (u *churn) resume() { u.paused.Store(false) }

func (u *churn) end() {
	u.stop()
	u.working.Wait()
}

func (u *churn) clientWrites(ctx context.Context, number int, dice *rand.Rand) {
	c := u.cluster
	key := written[dice.IntN(len(written))]
	n := c.nodes[dice.IntN(len(c.nodes))]
	if dice.IntN(8) == 0 {
		c.write(ctx, number, n, fsm.DeleteEndpoint{Key: key})
		return
	}
	set := fsm.SetEndpoint{Key: key, Value: target(key, dice.IntN(2))}
	if dice.IntN(2) == 0 {
		set.Labels = &map[string]string{"write": fmt.Sprintf("%d by client %d", dice.Uint32(), number)}
	}
	c.write(ctx, number, n, set)
}

// write has a node do a command, and notes the answer. It may be called from
// any goroutine.
func (c *Cluster) write(ctx context.Context, client int, n *node, command fsm.Command) check.Write {
	w := check.Write{Client: client, Node: n.name, Command: command, From: c.record.now()}
	var status int
	var answer []byte
	var err error
	switch command := command.(type) {
	case fsm.SetEndpoint:
		body, packing := json.Marshal(api.EndpointRequest{Value: &command.Value, Settings: command.Overrides, Labels: command.Labels})
		if err = packing; err == nil {
			status, answer, err = n.ask(ctx, writeLimit, http.MethodPut, "/v1/endpoints/"+url.PathEscape(command.Key), body)
		}
	case fsm.DeleteEndpoint:
		status, answer, err = n.ask(ctx, writeLimit, http.MethodDelete, "/v1/endpoints/"+url.PathEscape(command.Key), nil)
	}
	w.To = c.record.now()
	judge(&w, status, answer, err)
	c.record.change(func(h *check.History, _ time.Duration) { h.Writes = append(h.Writes, w) })
	return w
}

// judge says what an answer means.
func judge(w *check.Write, status int, answer []byte, err error) {
	if err != nil {
		// Who could not be called was asked nothing.
		dial, unsent := errors.AsType[*net.OpError](err)
		w.Err, w.Uncertain = err.Error(), !unsent || dial.Op != "dial"
		return
	}
	var written api.Written
	var problem api.Problem
	switch {
	case status == http.StatusOK && json.Unmarshal(answer, &written) == nil:
		w.Index, w.Changed = written.Index, written.Changed
	case json.Unmarshal(answer, &problem) != nil:
		w.Err, w.Uncertain = fmt.Sprintf("%d %.200q", status, answer), true
	case status == http.StatusNotFound:
		w.Refused = problem.Detail
	default:
		w.Err, w.Uncertain = problem.Detail, problem.Code != api.CodeNoLeader
	}
}
