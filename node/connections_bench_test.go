package node_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"tocsin/api/peer"
	"tocsin/credentials"
	"tocsin/fsm"
	"tocsin/node"
	"tocsin/pki"
)

// BenchmarkConnections measures what a request costs that changes nothing, over a
// connection that is kept and over a new one each time, in the clear and by TLS:
// a GET of one endpoint, and a question of another node. The client shares the
// machine.
func BenchmarkConnections(b *testing.B) {
	for _, secure := range []bool{false, true} {
		to := newVisited(b, secure)
		for _, anew := range []bool{false, true} {
			name := map[bool]string{false: "plain", true: "tls"}[secure] + "/" + map[bool]string{false: "kept", true: "new"}[anew]
			b.Run("get/"+name, func(b *testing.B) { to.get(b, anew) })
			b.Run("peer/"+name, func(b *testing.B) { to.ask(b, anew) })
		}
	}
}

// visited is a node that serves, with the credentials of who asks: nil in the clear.
type visited struct {
	node        *node.Node
	user        *pki.Files
	credentials *credentials.Live
}

func newVisited(b *testing.B, secure bool) visited {
	v := visited{}
	if secure {
		s := newSecured(b, 1)
		files := s.equip(b, "anna", s.ca, pki.Subject{Role: pki.Admin, Name: "anna"})
		live, err := credentials.Open(s.equip(b, "n2", s.ca, pki.Subject{Role: pki.Node, Name: "n2"}), "n2", slog.New(slog.DiscardHandler))
		if err != nil {
			b.Fatal(err)
		}
		v.node, v.user, v.credentials = s.nodes[0], &files, live
	} else {
		v.node = newLoopback(b, 1, quiet).nodes[0]
	}
	if _, err := v.node.Propose(b.Context(), fsm.SetEndpoint{Key: "db", Value: "v"}); err != nil {
		b.Fatal(err)
	}
	return v
}

func (v visited) get(b *testing.B, anew bool) {
	transport, scheme := &http.Transport{DisableKeepAlives: anew}, "http://"
	if v.user != nil {
		config, err := credentials.Client(*v.user)
		if err != nil {
			b.Fatal(err)
		}
		transport.TLSClientConfig, scheme = config, "https://"
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for b.Loop() {
		if err := visit(client, scheme+v.node.Self().HTTP+"/v1/endpoints/db"); err != nil {
			b.Fatal(err)
		}
	}
}

func visit(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close() // read to its end below
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", response.Status, body)
	}
	return err
}

func (v visited) ask(b *testing.B, anew bool) {
	transport := &http.Transport{DisableKeepAlives: anew}
	client := &peer.Client{Transport: transport}
	if v.credentials != nil {
		client.Dial = func(ctx context.Context, address string, _ bool) (net.Conn, error) {
			return v.credentials.Dial(ctx, address, 3*time.Second, v.node.Self().Node)
		}
		transport.DialTLSContext = func(ctx context.Context, _, address string) (net.Conn, error) {
			return client.Dial(ctx, address, false)
		}
	}
	defer client.Close()
	for b.Loop() {
		if _, err := client.Index(b.Context(), v.node.Self().HTTP, false); err != nil {
			b.Fatal(err)
		}
	}
}
