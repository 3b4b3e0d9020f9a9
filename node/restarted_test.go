package node_test

import (
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"tocsin/access"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/node"
)

// TestNode_AsksFromTheFirstMomentAfterARestart: what tokens there are is said by its
// log, of which nothing counts before there is a leader. Who asks meanwhile is let in no
// more than before.
func TestNode_AsksFromTheFirstMomentAfterARestart(t *testing.T) {
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	l := &loopback{truth: &truth{status: health.Up}, told: make(chan told, 1024)}
	dir := scriptsIn(t)
	cfg := node.Config{
		Name: "n1", DataDir: t.TempDir(), Scripts: dir, HTTP: freeAddress(t), Raft: freeAddress(t), Gossip: freeAddress(t),
		Bootstrap: true, Settings: fsm.DefaultClusterSettings(), Auth: access.Auto,
	}
	n := l.start(t, cfg)
	l.await(t, "a cluster that anybody may use", func() bool { return ask(t, n, http.MethodGet, "/v1/config", access.Token{}) == http.StatusOK })
	token := access.NewToken()
	record := access.Record{ID: token.ID(), Name: "root", Role: access.Admin, Hash: token.Hash()}
	if _, err := n.Propose(t.Context(), fsm.CreateToken{Token: record}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := n.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		var open, refused atomic.Int32
		stop, asking := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(asking)
			for {
				switch statusAt(cfg.HTTP) {
				case http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable:
					refused.Add(1)
				case http.StatusOK:
					open.Add(1)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		}()
		n = l.start(t, cfg)
		l.await(t, "the token to be known again", func() bool { return ask(t, n, http.MethodGet, "/v1/config", token) == http.StatusOK })
		close(stop)
		<-asking
		if open.Load() > 0 || refused.Load() == 0 {
			t.Errorf("who has no token was let in %d times and refused %d times", open.Load(), refused.Load())
		}
	}
	if err := n.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// statusAt is what somebody is answered who shows nothing, 0 if nobody listens.
func statusAt(address string) int {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{}).DialContext}}
	a, err := client.Get("http://" + address + "/v1/config")
	if err != nil {
		return 0
	}
	_ = a.Body.Close()
	return a.StatusCode
}
