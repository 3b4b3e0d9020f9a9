package raftwire

import (
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/credentials"
	"tocsin/pki"
)

func TestCallee(t *testing.T) {
	for _, at := range []string{"10.0.0.1:7000", "[::1]:7000", "n1.example:7000"} {
		byTLS, plain := &Network{byName: true}, &Network{}
		name, address, ok := splitCallee(byTLS.CalleeAt("n1", raft.ServerAddress(at)))
		if !ok || name != "n1" || address != at {
			t.Errorf("%s: got %s at %s, %v", at, name, address, ok)
		}
		if got := plain.CalleeAt("n1", raft.ServerAddress(at)); string(got) != at {
			t.Errorf("%s in plain text: got %s", at, got)
		}
	}
	if _, _, ok := splitCallee("10.0.0.1:7000"); ok {
		t.Error("an address alone names somebody")
	}
}

// TestTransport_CallsByNameThroughAnything: whatever stands around a Network, a
// call by TLS is for the node that is meant.
func TestTransport_CallsByNameThroughAnything(t *testing.T) {
	p := newRaftPort(t)
	names := p.answerAll(t)
	live, err := credentials.Open(p.equip(t, "n2", pki.Node, "n2", time.Now()), "n2", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	network := NewNetwork(NetworkConfig{Listener: listener, Advertise: listener.Addr(), Credentials: live, Logger: slog.New(slog.DiscardHandler)})
	defer func() { _ = network.Close() }()
	for what, inner := range map[string]raft.Transport{"a network": network, "one that is wrapped": struct{ wire }{network}} {
		tr, err := New(Config{
			Inner: inner, CalleeAt: network.CalleeAt, Node: "n2", Process: "x", Cluster: func() string { return "c" }, Member: func() bool { return true },
			WhereIs: func(_, configured string) string { return configured }, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		header := raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte("n2"), Addr: []byte("c@x@10.0.0.2:7000")}
		if err := tr.TimeoutNow("n1", raft.ServerAddress(p.address), &raft.TimeoutNowRequest{RPCHeader: header}, &raft.TimeoutNowResponse{}); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if heard := names(); len(heard) != 2 {
		t.Errorf("n1 has heard %q", heard)
	}
}
