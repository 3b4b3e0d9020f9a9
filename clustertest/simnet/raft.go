package simnet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// callTimeout is how long a call of raft waits for its answer.
const callTimeout = 500 * time.Millisecond

var errClosed = errors.New("the transport is closed")

// Raft is a host's end of raft's calls. It implements raft.Transport.
type Raft struct {
	network *Network
	host    string
	address string
	calls   chan raft.RPC
	closed  chan struct{}
	close   sync.Once
}

// Raft opens a host's end under an address of the caller's choice.
func (n *Network) Raft(host, address string) *Raft {
	r := &Raft{network: n, host: host, address: address, calls: make(chan raft.RPC), closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rafts[address] = r
	return r
}

// Close ends this end: nothing comes in or goes out after it. Another one may
// have been opened for the host since, and stays.
func (r *Raft) Close() error {
	r.close.Do(func() {
		close(r.closed)
		r.network.mu.Lock()
		defer r.network.mu.Unlock()
		if r.network.rafts[r.address] == r {
			delete(r.network.rafts, r.address)
		}
	})
	return nil
}

func (n *Network) raftAt(address string) *Raft {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.rafts[address]
}

// call carries a request there and its answer back.
func (r *Raft) call(target raft.ServerAddress, command any, body []byte) (any, error) {
	deadline := time.NewTimer(callTimeout)
	defer deadline.Stop()
	lost := func(what string) error {
		select {
		case <-deadline.C:
		case <-r.closed:
		}
		return fmt.Errorf("%s to %s: %s: %w", r.host, target, what, errTimeout)
	}
	select {
	case <-r.closed:
		return nil, errClosed
	default:
	}
	to := r.network.raftAt(string(target))
	if to == nil {
		time.Sleep(Latency)
		return nil, fmt.Errorf("%s to %s: connection refused", r.host, target)
	}
	f := r.network.draw(OfRaft, r.host, to.host)
	time.Sleep(f.after)
	if f.lost {
		return nil, lost("the request was lost")
	}
	if f.twice && body == nil { // a stream never comes twice: raft would go back to it
		to.deliver(command, body)
	}
	answers := to.deliver(command, body)
	select {
	case answer := <-answers:
		if !r.network.Travel(OfRaft, to.host, r.host) {
			return nil, lost("the answer was lost")
		}
		return answer.Response, answer.Error
	case <-deadline.C:
		return nil, fmt.Errorf("%s to %s: %w", r.host, target, errTimeout)
	case <-r.closed:
		return nil, errClosed
	}
}

// deliver hands a call to the host, if it takes it in time. The answer comes on
// the channel, if any does.
func (r *Raft) deliver(command any, body []byte) <-chan raft.RPCResponse {
	answers := make(chan raft.RPCResponse, 1)
	call := raft.RPC{Command: command, RespChan: answers}
	if body != nil {
		call.Reader = bytes.NewReader(body)
	}
	go func() {
		select {
		case r.calls <- call:
		case <-r.closed:
		case <-time.After(callTimeout):
		}
	}()
	return answers
}

func answerTo[A any](answer any, err error, into *A) error {
	if err != nil {
		return err
	}
	a, ok := answer.(*A)
	if !ok {
		return fmt.Errorf("the answer is a %T", answer)
	}
	*into = *a
	return nil
}

// Consumer implements raft.Transport.
func (r *Raft) Consumer() <-chan raft.RPC { return r.calls }

// LocalAddr implements raft.Transport.
func (r *Raft) LocalAddr() raft.ServerAddress { return raft.ServerAddress(r.address) }

// What is sent is a copy, as it is on a wire: raft uses a request again when no
// answer has come in time, and that may be when it is only just being read.

// AppendEntriesPipeline implements raft.Transport: raft makes single calls.
func (r *Raft) AppendEntriesPipeline(raft.ServerID, raft.ServerAddress) (raft.AppendPipeline, error) {
	return nil, raft.ErrPipelineReplicationNotSupported
}

// AppendEntries implements raft.Transport.
func (r *Raft) AppendEntries(_ raft.ServerID, target raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	sent := *args
	sent.Entries = slices.Clone(args.Entries)
	answer, err := r.call(target, &sent, nil)
	return answerTo(answer, err, resp)
}

// RequestVote implements raft.Transport.
func (r *Raft) RequestVote(_ raft.ServerID, target raft.ServerAddress, args *raft.RequestVoteRequest, resp *raft.RequestVoteResponse) error {
	sent := *args
	answer, err := r.call(target, &sent, nil)
	return answerTo(answer, err, resp)
}

// RequestPreVote implements raft.WithPreVote.
func (r *Raft) RequestPreVote(_ raft.ServerID, target raft.ServerAddress, args *raft.RequestPreVoteRequest, resp *raft.RequestPreVoteResponse) error {
	sent := *args
	answer, err := r.call(target, &sent, nil)
	return answerTo(answer, err, resp)
}

// InstallSnapshot implements raft.Transport.
func (r *Raft) InstallSnapshot(_ raft.ServerID, target raft.ServerAddress, args *raft.InstallSnapshotRequest, resp *raft.InstallSnapshotResponse, data io.Reader) error {
	body, err := io.ReadAll(data)
	if err != nil {
		return err
	}
	sent := *args
	answer, err := r.call(target, &sent, body)
	return answerTo(answer, err, resp)
}

// TimeoutNow implements raft.Transport.
func (r *Raft) TimeoutNow(_ raft.ServerID, target raft.ServerAddress, args *raft.TimeoutNowRequest, resp *raft.TimeoutNowResponse) error {
	sent := *args
	answer, err := r.call(target, &sent, nil)
	return answerTo(answer, err, resp)
}

// EncodePeer implements raft.Transport.
func (r *Raft) EncodePeer(_ raft.ServerID, address raft.ServerAddress) []byte {
	return []byte(address)
}

// DecodePeer implements raft.Transport.
func (r *Raft) DecodePeer(peer []byte) raft.ServerAddress { return raft.ServerAddress(peer) }

// SetHeartbeatHandler implements raft.Transport: heartbeats come like the rest.
func (r *Raft) SetHeartbeatHandler(func(raft.RPC)) {}
