package node

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
)

// TestLookForCluster: nobody founds a cluster beside a node that is there, even
// if what it says does not tell whether it belongs to one.
func TestLookForCluster(t *testing.T) {
	answers := func(status int, body any) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(body)
		}))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	incomplete := api.NewProblem(api.CodeIncomplete, "the body broke off")
	for name, c := range map[string]struct {
		address         string
		silent, reached bool
		fails           string
	}{
		"nobody is there":                       {address: closed.Addr().String(), silent: true},
		"a member":                              {address: answers(200, peer.Introduction{Node: "n9", ClusterID: "c"}), reached: true},
		"a node that founds":                    {address: answers(200, peer.Introduction{Node: "n9", Founded: true}), reached: true},
		"one that founds before this one":       {address: answers(200, peer.Introduction{Node: "n0", Bootstrap: true}), reached: true},
		"one that founds after this one":        {address: answers(200, peer.Introduction{Node: "n9", Bootstrap: true})},
		"a node that belongs to none":           {address: answers(200, peer.Introduction{Node: "n9"})},
		"a node to which not all has come":      {address: answers(incomplete.Status, incomplete), fails: "did not come in whole"},
		"something that answers something else": {address: answers(404, "no"), fails: "is it a node of Tocsin?"},
	} {
		t.Run(name, func(t *testing.T) {
			client := &peer.Client{}
			defer client.Close()
			n := &Node{machine: fsm.NewMachine(), out: Outside{Peers: client}, cfg: Config{Name: "n1", Bootstrap: true, Join: []string{c.address}}}
			silent, reached, err := n.lookForCluster(t.Context())
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("silent %v, reached %v, %v; want an error that says %q", silent, reached, err, c.fails)
				}
				return
			}
			if err != nil || slices.Contains(silent, c.address) != c.silent || reached != c.reached {
				t.Errorf("silent %v, reached %v, %v", silent, reached, err)
			}
		})
	}
}
