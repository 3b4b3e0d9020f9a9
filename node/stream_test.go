package node_test

import (
	"net"
	"testing"
	"time"

	"tocsin/api/peer"
)

// A member has vanished without a word: what it is asked is never answered. Who
// is stopped meanwhile does not wait for it.
func TestStop_DoesNotWaitForWhoHasVanished(t *testing.T) {
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	called := make(chan net.Conn, 64)
	go func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				close(called)
				return
			}
			called <- conn
		}
	}()
	defer func() {
		for conn := range called {
			conn.Close()
		}
	}()
	defer silent.Close() // before the connections: nobody calls any more, and the loop above ends

	l := newLoopback(t, 1, nil)
	_, err = l.nodes[0].Register(t.Context(), peer.Registration{
		ClusterID: l.nodes[0].View().ClusterID(), Node: "n2", Incarnation: "one", Disk: "d", Start: 1, Fresh: true,
		Raft: silent.Addr().String(), Gossip: freeAddress(t), HTTP: freeAddress(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	conn := <-called // and the leader waits for its answer
	defer conn.Close()
	began := time.Now()
	if err := l.nodes[0].Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v to stop", took)
	}
}
