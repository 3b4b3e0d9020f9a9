package raftwire

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/connlimit"
	"tocsin/credentials"
	"tocsin/hcslog"
	"tocsin/pki"
)

func hearing(s raft.StreamLayer) *raft.NetworkTransport {
	return raft.NewNetworkTransportWithLogger(s, 0, 5*time.Second, hcslog.New(slog.New(slog.DiscardHandler)))
}

// raftPort is what raft hears of a port of node n1, and whom the port hung up on.
type raftPort struct {
	ca      *pki.Authority
	dir     string
	address string
	asked   <-chan raft.RPC
	refused chan error
}

func newRaftPort(t *testing.T) raftPort {
	t.Helper()
	ca, err := pki.NewAuthority("test", time.Now().Add(-3*pki.CertificateLife), pki.AuthorityLife)
	if err != nil {
		t.Fatal(err)
	}
	p := raftPort{ca: ca, dir: t.TempDir(), refused: make(chan error, 100)}
	live, err := credentials.Open(p.equip(t, "n1", pki.Node, "n1", time.Now()), "n1", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := func(_ net.Conn, why error) { p.refused <- why }
	few := connlimit.Limits{All: 100, FromOne: 100} // more than a test brings
	bounded := connlimit.Listen(inner, connlimit.Rooms{few, few, few}, refused)
	c := listenTo(credentials.Listen(bounded, live.AmongNodes(), refused), refused, hearing)
	t.Cleanup(func() { _ = c.close() })
	p.address, p.asked = inner.Addr().String(), c.asked
	return p
}

func (p raftPort) equip(t *testing.T, folder string, role pki.Role, name string, at time.Time) pki.Files {
	t.Helper()
	dir := filepath.Join(p.dir, folder)
	if _, err := pki.Equip(dir, p.ca, pki.Request{Subject: pki.Subject{Role: role, Name: name}}, at); err != nil {
		t.Fatal(err)
	}
	return pki.FilesIn(dir)
}

// caller is raft on another node, that has these files.
func (p raftPort) caller(t *testing.T, files pki.Files, name string) *raft.NetworkTransport {
	t.Helper()
	live, err := credentials.Open(files, name, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	calls := hearing(newStream(&net.TCPAddr{}, dialBy(live)))
	t.Cleanup(func() { _ = calls.Close() })
	return calls
}

// everyCall makes each call that raft knows, saying that it is from, and returns
// what came of it.
func (p raftPort) everyCall(calls *raft.NetworkTransport, from string) map[string]error {
	header := raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(from), Addr: []byte("c@x@10.0.0.2:7000")}
	at := calleeAt("n1", raft.ServerAddress(p.address))
	return map[string]error{
		"vote":     calls.RequestVote("n1", at, &raft.RequestVoteRequest{RPCHeader: header, Term: 9, LeadershipTransfer: true}, &raft.RequestVoteResponse{}),
		"pre-vote": calls.RequestPreVote("n1", at, &raft.RequestPreVoteRequest{RPCHeader: header, Term: 9}, &raft.RequestPreVoteResponse{}),
		"entries":  calls.AppendEntries("n1", at, &raft.AppendEntriesRequest{RPCHeader: header, Term: 9}, &raft.AppendEntriesResponse{}),
		"timeout":  calls.TimeoutNow("n1", at, &raft.TimeoutNowRequest{RPCHeader: header}, &raft.TimeoutNowResponse{}),
		"snapshot": calls.InstallSnapshot("n1", at, &raft.InstallSnapshotRequest{RPCHeader: header, SnapshotVersion: 1, Term: 9, Size: 5}, &raft.InstallSnapshotResponse{}, strings.NewReader("hello")),
	}
}

// answerAll plays raft: it answers each call, and returns the names that were said.
func (p raftPort) answerAll(t *testing.T) (names func() []string) {
	stop, done := make(chan struct{}), make(chan struct{})
	var all []string
	go func() {
		defer close(done)
		for {
			select {
			case call := <-p.asked:
				all = append(all, string(call.Command.(raft.WithRPCHeader).GetRPCHeader().ID))
				if call.Reader != nil {
					_, _ = io.Copy(io.Discard, call.Reader)
				}
				call.Respond(answerTo(call.Command), nil)
			case <-stop:
				return
			}
		}
	}()
	names = func() []string {
		close(stop)
		<-done
		return all
	}
	return names
}

func answerTo(command any) any {
	switch command.(type) {
	case *raft.RequestVoteRequest:
		return &raft.RequestVoteResponse{}
	case *raft.RequestPreVoteRequest:
		return &raft.RequestPreVoteResponse{}
	case *raft.AppendEntriesRequest:
		return &raft.AppendEntriesResponse{}
	case *raft.InstallSnapshotRequest:
		return &raft.InstallSnapshotResponse{}
	}
	return &raft.TimeoutNowResponse{}
}

// TestCallers_ANodeSpeaksForItselfAlone: whoever has the certificate of one node
// can't campaign, lead or install anything as another one.
func TestCallers_ANodeSpeaksForItselfAlone(t *testing.T) {
	p := newRaftPort(t)
	names := p.answerAll(t)
	n2 := p.caller(t, p.equip(t, "n2", pki.Node, "n2", time.Now()), "n2")
	for _, poses := range []string{"n3", "n1", "", "N2", "n2 ", "n2\x00"} {
		for what, err := range p.everyCall(n2, poses) {
			if err == nil {
				t.Errorf("n2, as %q: its %s was answered", poses, what)
			}
			if why := <-p.refused; !strings.Contains(why.Error(), "node n2, by its certificate, says") {
				t.Errorf("n2, as %q: its %s was refused because %v", poses, what, why)
			}
		}
	}
	for what, err := range p.everyCall(n2, "n2") {
		if err != nil {
			t.Errorf("as itself: %s: %v", what, err)
		}
	}
	for _, name := range names() {
		if name != "n2" {
			t.Errorf("raft has heard %q", name)
		}
	}
}

// TestCallers_OfStrangersRaftHearsNothing, though they send what would be good.
func TestCallers_OfStrangersRaftHearsNothing(t *testing.T) {
	p, theirs := newRaftPort(t), newRaftPort(t)
	names := p.answerAll(t)
	past := time.Now().Add(-2 * pki.CertificateLife)
	believing := func(files pki.Files) pki.Files { // in our CA: they find us right
		files.CA = pki.FilesIn(filepath.Join(p.dir, "n1")).CA
		return files
	}
	for who, files := range map[string]pki.Files{
		"a node of another CA":   theirs.equip(t, "n2", pki.Node, "n2", time.Now()),
		"one that has expired":   p.equip(t, "late", pki.Node, "n2", past),
		"an operator":            p.equip(t, "anna", pki.Admin, "n2", time.Now()),
		"nobody, who speaks TLS": {},
	} {
		t.Run(who, func(t *testing.T) {
			client, err := credentials.Client(believing(files))
			if err != nil {
				t.Fatal(err)
			}
			client.VerifyConnection, client.InsecureSkipVerify = nil, true
			call := func() error {
				raw, err := net.Dial("tcp", p.address)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = raw.Close() }()
				return speakTLS(raw, client, append([]byte{1}, make([]byte, 1<<16)...))
			}
			if err := call(); err == nil {
				t.Error("it was not hung up on")
			}
			<-p.refused
		})
	}
	for _, text := range []string{"GET / HTTP/1.1\r\n\r\n", "\x00\x80", "\x16\x03\x01\xff\xff" + strings.Repeat("x", 1<<16), strings.Repeat("\x01", 1<<20)} {
		c, err := net.Dial("tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.WriteString(c, text) // it may be hung up on meanwhile
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
		<-p.refused
	}
	if heard := names(); len(heard) > 0 {
		t.Errorf("raft has heard %q", heard)
	}
}

// speakTLS says something by TLS, and reports whether it was hung up on.
func speakTLS(raw net.Conn, config *tls.Config, text []byte) error {
	_ = raw.SetDeadline(time.Now().Add(10 * time.Second))
	c := tls.Client(raw, config)
	if err := c.Handshake(); err != nil {
		return err
	}
	if _, err := c.Write(text); err != nil {
		return err
	}
	_, err := c.Read(make([]byte, 1))
	return err
}

// silence is a port to which nobody comes.
type silence struct{}

func (silence) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (silence) Close() error              { return nil }
func (silence) Addr() net.Addr            { return &net.TCPAddr{} }

// recording dials somebody who writes down what is said, and says nothing.
func recording(to *bytes.Buffer) dial {
	return func(context.Context, raft.ServerAddress) (net.Conn, error) {
		here, there := net.Pipe()
		_ = there.Close()
		return recorded{here, to}, nil
	}
}

type recorded struct {
	net.Conn
	to *bytes.Buffer
}

func (r recorded) Write(p []byte) (int, error) { return r.to.Write(p) }

// FuzzCallers: whatever a node sends, raft hears only messages in its own name.
func FuzzCallers(f *testing.F) {
	for _, from := range []string{"n2", "n3"} {
		var said bytes.Buffer
		header := raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(from), Addr: []byte("c@x@10.0.0.2:7000")}
		record := func(call func(*raft.NetworkTransport)) {
			said.Reset()
			calls := hearing(newStream(&net.TCPAddr{}, recording(&said)))
			call(calls)
			_ = calls.Close()
			f.Add(bytes.Clone(said.Bytes()))
		}
		record(func(c *raft.NetworkTransport) {
			_ = c.RequestVote("n1", "a", &raft.RequestVoteRequest{RPCHeader: header, Term: 9}, &raft.RequestVoteResponse{})
		})
		record(func(c *raft.NetworkTransport) {
			_ = c.AppendEntries("n1", "a", &raft.AppendEntriesRequest{RPCHeader: header, Term: 9, Entries: []*raft.Log{{Index: 1, Data: []byte("x")}}}, &raft.AppendEntriesResponse{})
		})
		record(func(c *raft.NetworkTransport) {
			_ = c.InstallSnapshot("n1", "a", &raft.InstallSnapshotRequest{RPCHeader: header, Size: 3}, &raft.InstallSnapshotResponse{}, strings.NewReader("abc"))
		})
		record(func(c *raft.NetworkTransport) {
			_ = c.TimeoutNow("n1", "a", &raft.TimeoutNowRequest{RPCHeader: header}, &raft.TimeoutNowResponse{})
		})
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		here, there := net.Pipe()
		c := listenTo(silence{}, func(net.Conn, error) {}, hearing)
		done := make(chan struct{})
		go func() {
			c.listenAs("n2", there)
			close(done)
		}()
		go func() {
			_, _ = here.Write(sent)
			_ = here.Close()
		}()
		go func() { _, _ = io.Copy(io.Discard, here) }()
		for {
			select {
			case call := <-c.asked:
				if said := string(call.Command.(raft.WithRPCHeader).GetRPCHeader().ID); said != "n2" {
					t.Errorf("raft hears %q", said)
				}
				call.Respond(answerTo(call.Command), nil)
				continue
			case <-done:
			}
			break
		}
		_ = c.close()
	})
}

// TestOnlyCaller_IsOpenUntilItIsClosed, also when the one who came has gone: raft
// takes the end of a port that it has not closed itself for a fault, and says so.
func TestOnlyCaller_IsOpenUntilItIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer there.Close()
		o := &onlyCaller{caller: &caller{Conn: here, gone: make(chan struct{})}, closed: make(chan struct{})}
		one, err := o.Accept()
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := o.Accept()
			ended <- err
		}()
		_ = one.Close()
		synctest.Wait()
		if len(ended) > 0 {
			t.Errorf("it has ended with its caller: %v", <-ended)
		}
		_ = o.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}
