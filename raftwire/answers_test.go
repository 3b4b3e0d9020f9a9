package raftwire

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
)

// answering is a wire at whose other end one node agrees to everything.
type answering struct {
	raft.Transport
	node  string
	calls chan raft.AppendFuture
}

func (a answering) header() raft.RPCHeader { return raft.RPCHeader{ID: []byte(a.node)} }

func (a answering) RequestVote(_ raft.ServerID, _ raft.ServerAddress, _ *raft.RequestVoteRequest, resp *raft.RequestVoteResponse) error {
	*resp = raft.RequestVoteResponse{RPCHeader: a.header(), Granted: true}
	return nil
}

func (a answering) RequestPreVote(_ raft.ServerID, _ raft.ServerAddress, _ *raft.RequestPreVoteRequest, resp *raft.RequestPreVoteResponse) error {
	*resp = raft.RequestPreVoteResponse{RPCHeader: a.header(), Granted: true}
	return nil
}

func (a answering) AppendEntries(_ raft.ServerID, _ raft.ServerAddress, _ *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	*resp = raft.AppendEntriesResponse{RPCHeader: a.header(), Success: true}
	return nil
}

func (a answering) InstallSnapshot(_ raft.ServerID, _ raft.ServerAddress, _ *raft.InstallSnapshotRequest, resp *raft.InstallSnapshotResponse, _ io.Reader) error {
	*resp = raft.InstallSnapshotResponse{RPCHeader: a.header(), Success: true}
	return nil
}

func (a answering) AppendEntriesPipeline(raft.ServerID, raft.ServerAddress) (raft.AppendPipeline, error) {
	return agreeing{answers: a.calls}, nil
}

// agreeing is a pipeline out of which comes what the test puts in.
type agreeing struct{ answers chan raft.AppendFuture }

func (agreeing) AppendEntries(*raft.AppendEntriesRequest, *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	return nil, nil
}
func (p agreeing) Consumer() <-chan raft.AppendFuture { return p.answers }
func (agreeing) Close() error                         { return nil }

type agreement struct {
	raft.AppendFuture
	resp *raft.AppendEntriesResponse
}

func (a agreement) Response() *raft.AppendEntriesResponse { return a.resp }

func (a answering) send() {
	a.calls <- agreement{resp: &raft.AppendEntriesResponse{RPCHeader: a.header(), Success: true}}
}

// TestTransport_OnlyTheNodeThatWasAskedAnswers: a process that is reached under
// two names has one vote.
func TestTransport_OnlyTheNodeThatWasAskedAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := answering{node: "n2", calls: make(chan raft.AppendFuture)}
		there := func(_, configured string) string { return configured }
		tr, err := New(Config{Inner: a, Node: "n1", Process: "x", Cluster: func() string { return "" }, Member: func() bool { return true }, WhereIs: there, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		for _, asked := range []raft.ServerID{"n2", "n3"} {
			itself := asked == "n2"
			judge := func(what string, err error, agreed bool) {
				t.Helper()
				if (err == nil) != itself || agreed != itself {
					t.Errorf("%s: n2 answers for %s: %v, agreed %v", what, asked, err, agreed)
				}
				if err != nil && !strings.Contains(err.Error(), `"n2" answers where "n3" was asked`) {
					t.Errorf("%s: the error is %v", what, err)
				}
			}
			var vote raft.RequestVoteResponse
			err := tr.RequestVote(asked, "addr", &raft.RequestVoteRequest{}, &vote)
			judge("vote", err, vote.Granted)
			var preVote raft.RequestPreVoteResponse
			err = tr.RequestPreVote(asked, "addr", &raft.RequestPreVoteRequest{}, &preVote)
			judge("pre-vote", err, preVote.Granted)
			var entries raft.AppendEntriesResponse
			err = tr.AppendEntries(asked, "addr", &raft.AppendEntriesRequest{}, &entries)
			judge("entries", err, entries.Success)

			var installed raft.InstallSnapshotResponse
			err = tr.InstallSnapshot(asked, "addr", &raft.InstallSnapshotRequest{}, &installed, nil)
			judge("snapshot", err, installed.Success)

			through, err := tr.AppendEntriesPipeline(asked, "addr")
			if err != nil {
				t.Fatal(err)
			}
			go a.send()
			if got := (<-through.Consumer()).Response().Success; got != itself {
				t.Errorf("by the pipeline n2 answers for %s: success %v", asked, got)
			}
			go a.send() // nobody takes this one
			time.Sleep(time.Second)
			if err := through.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestTransport_SignsTheAnswerToASnapshot: raft gives it no name.
func TestTransport_SignsTheAnswerToASnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		address, inner := raft.NewInmemTransport("")
		tr, err := New(Config{Inner: inner, Node: "n1", Process: "x", Cluster: func() string { return "" }, Member: func() bool { return true }, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tr.Run(ctx) }()
		_, other := raft.NewInmemTransport("")
		other.Connect(address, inner)
		ask := func() (installed raft.InstallSnapshotResponse, err error) {
			err = other.InstallSnapshot("n1", address, &raft.InstallSnapshotRequest{}, &installed, strings.NewReader(""))
			return installed, err
		}
		go func() {
			call := <-tr.Consumer()
			call.Respond(&raft.InstallSnapshotResponse{Success: true}, nil)
		}()
		if installed, err := ask(); err != nil || !installed.Success || string(installed.ID) != "n1" {
			t.Errorf("the answer is %+v, %v", installed, err)
		}
		// Raft has ended in the middle of the next one: whoever asks is told.
		go func() {
			<-tr.Consumer()
			stop()
		}()
		if _, err := ask(); err == nil {
			t.Error("there was an answer to a snapshot that nobody installed")
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
