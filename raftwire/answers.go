package raftwire

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/raft"
)

// Raft counts an answer for the node that it has asked, and never looks who gave
// it. Where one process is reached under two names, because one of them has moved
// and left its address behind, it would have two votes, and two leaders could
// come of it. So only the answer of the node that was asked is one.

// misdirected returns an error unless the node that was asked is by, who answers.
func misdirected(asked raft.ServerID, by []byte) error {
	if string(by) == string(asked) {
		return nil
	}
	return fmt.Errorf("node %q answers where %q was asked: its address has passed on to another", by, asked)
}

// sign has the answer to a call say who gives it, if raft does not: the answer to a
// snapshot has no name, and counts for the lead of whoever has sent it. It returns
// the call as raft is to see it.
func (t *Transport) sign(ctx context.Context, call raft.RPC) raft.RPC {
	if _, snapshot := call.Command.(*raft.InstallSnapshotRequest); !snapshot {
		return call
	}
	asker, answers := call.RespChan, make(chan raft.RPCResponse, 1)
	call.RespChan = answers
	t.signing.Go(func() {
		answer := raft.RPCResponse{Error: errStopped}
		select {
		case answer = <-answers:
		case <-ctx.Done():
		}
		if installed, ok := answer.Response.(*raft.InstallSnapshotResponse); ok {
			installed.ID = []byte(t.name)
		}
		asker <- answer // it has room: nobody is answered twice
	})
	return call
}

// pipeline drops the answers of others than the node that it leads to.
type pipeline struct {
	raft.AppendPipeline
	to      raft.ServerID
	answers chan raft.AppendFuture // closed by nobody, as raft's own
	closing sync.Once
	closed  chan struct{}
	ended   chan struct{} // closed when check has returned
}

func newPipeline(to raft.ServerID, through raft.AppendPipeline) *pipeline {
	p := &pipeline{
		AppendPipeline: through, to: to, answers: make(chan raft.AppendFuture),
		closed: make(chan struct{}), ended: make(chan struct{}),
	}
	go p.check()
	return p
}

// Consumer implements raft.AppendPipeline.
func (p *pipeline) Consumer() <-chan raft.AppendFuture { return p.answers }

// Close implements raft.AppendPipeline.
func (p *pipeline) Close() error {
	p.closing.Do(func() { close(p.closed) })
	<-p.ended
	return p.AppendPipeline.Close()
}

// check hands on what comes in until the pipeline is closed. An answer that does
// not count is one without success: raft gives the pipeline up for it and makes
// single calls, whose error says why.
func (p *pipeline) check() {
	defer close(p.ended)
	for {
		select {
		case answer := <-p.AppendPipeline.Consumer():
			if resp := answer.Response(); misdirected(p.to, resp.ID) != nil {
				*resp = raft.AppendEntriesResponse{}
			}
			select {
			case p.answers <- answer:
			case <-p.closed:
				return
			}
		case <-p.closed:
			return
		}
	}
}
