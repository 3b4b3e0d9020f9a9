package node_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/access"
	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/node"
)

// TestNode_WithTokensFromTheFirstMoment: a cluster that is founded with tokens
// lets nobody in without one, takes in nodes that show one, and goes on after a
// restart.
func TestNode_WithTokensFromTheFirstMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	l := &loopback{truth: &truth{status: health.Up}, told: make(chan told, 1024)}
	dir := scriptsIn(t)
	first := filepath.Join(dir, "first-tokens")
	write := func(name, text string) string {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	tokens, records := map[access.Role]access.Token{}, ""
	for _, role := range access.Roles() {
		token := access.NewToken()
		r := access.Record{ID: token.ID(), Name: "first-" + string(role), Role: role, Hash: token.Hash()}
		tokens[role] = token
		records += r.Line() + "\n"
		write(filepath.Join(dir, string(role)), token.Reveal()+"\n")
	}
	write(first, records)
	start := func(name string, role access.Role, join ...string) *node.Node {
		cfg := node.Config{
			Name: name, DataDir: t.TempDir(), Scripts: dir, HTTP: freeAddress(t), Raft: freeAddress(t), Gossip: freeAddress(t),
			Bootstrap: len(join) == 0, Join: join, Settings: fsm.DefaultClusterSettings(),
			Auth: access.On, PeerTokenFile: filepath.Join(dir, string(role)), AuditLog: filepath.Join(dir, name+".audit"),
		}
		if cfg.Bootstrap {
			cfg.BootstrapTokenFile = first
		}
		n := l.start(t, cfg)
		t.Cleanup(func() { _ = n.Stop(t.Context()) })
		l.nodes, l.configs = append(l.nodes, n), append(l.configs, cfg)
		return n
	}
	n1 := start("n1", access.Node)
	// At once, before anything is founded.
	if status := ask(t, n1, "GET", "/set?key=k&value=v", access.Token{}); status != http.StatusUnauthorized {
		t.Errorf("before the founding: %d", status)
	}
	start("n2", access.Node, n1.Self().HTTP)
	start("n3", access.Node, n1.Self().HTTP)
	ready := func(n *node.Node) func() bool { return func() bool { return n.Readiness().Ready } }
	for _, n := range l.nodes {
		l.await(t, n.Self().Node+" is ready", ready(n))
	}
	for i, n := range l.nodes {
		for role, token := range tokens {
			want := http.StatusForbidden
			if role.Includes(access.Operate) {
				want = http.StatusOK
			}
			if status := ask(t, n, "GET", "/set?key=k&value=v", token); status != want {
				t.Errorf("set at node %d with the role %s: %d", i+1, role, status)
			}
		}
	}

	// A node that shows nothing of use is told why, and ends.
	stranger := l.configs[2]
	stranger.Name, stranger.DataDir, stranger.PeerTokenFile, stranger.AuditLog = "n4", t.TempDir(), filepath.Join(dir, string(access.Admin)), ""
	stranger.HTTP, stranger.Raft, stranger.Gossip = freeAddress(t), freeAddress(t), freeAddress(t)
	n4 := l.start(t, stranger)
	<-n4.Done()
	if err := n4.Err(); !errors.Is(err, api.ErrDenied) || !strings.Contains(err.Error(), "join") {
		t.Errorf("the stranger ended with %v", err)
	}

	// With a join token a new node comes in once, and a name that is taken is not given away.
	thief := l.configs[2]
	thief.DataDir, thief.PeerTokenFile, thief.AuditLog = t.TempDir(), filepath.Join(dir, string(access.Join)), ""
	thief.HTTP, thief.Raft, thief.Gossip = freeAddress(t), freeAddress(t), freeAddress(t)
	n5 := l.start(t, thief)
	<-n5.Done()
	if err := n5.Err(); !errors.Is(err, api.ErrDenied) || !strings.Contains(err.Error(), "is a member already") {
		t.Errorf("the thief ended with %v", err)
	}

	moveByAJoinToken(t, l, tokens[access.Join])

	// The node itself moves, by its token with the role node.
	if err := l.nodes[2].Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.configs[2].HTTP, l.configs[2].Raft, l.configs[2].Gossip = freeAddress(t), freeAddress(t), freeAddress(t)
	l.nodes[2] = l.start(t, l.configs[2])
	again := l.nodes[2]
	t.Cleanup(func() { _ = again.Stop(t.Context()) })
	if status := ask(t, again, "GET", "/set?key=k&value=w", access.Token{}); status != http.StatusUnauthorized {
		t.Errorf("just started again: %d", status)
	}
	l.await(t, "the node that was stopped is ready again", ready(again))
	l.await(t, "it is registered at its new addresses", func() bool {
		o, _ := n1.View().Observer("n3")
		return o.Raft == l.configs[2].Raft && o.HTTP == l.configs[2].HTTP && o.Gossip == l.configs[2].Gossip
	})

	audited, err := os.ReadFile(l.configs[0].AuditLog)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]int{}
	for line := range strings.Lines(string(audited)) {
		var says struct{ Msg, By, Path string }
		if err := json.Unmarshal([]byte(line), &says); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		by[says.Msg+" by "+says.By+" "+says.Path]++
	}
	for _, want := range []string{"refused by - /set", "changed by first-operate /set", "refused by first-read /set", "changed by first-node /v1/peer/register"} {
		if by[want] == 0 {
			t.Errorf("the audit log does not say: %s; it says %v", want, by)
		}
	}
	for role, token := range tokens {
		if strings.Contains(string(audited), token.Reveal()) {
			t.Errorf("the audit log has the token with the role %s", role)
		}
	}
}

// moveByAJoinToken tries to have another address registered for a node that runs, by
// all that the cluster knows of its process and a token with the role join. What is
// registered already may be said again: a newcomer does so until it hears of it.
func moveByAJoinToken(t *testing.T, l *loopback, token access.Token) {
	t.Helper()
	leader := l.leader(t)
	view := leader.View()
	o, known := view.Observer("n3")
	if !known {
		t.Fatal("n3 is not registered")
	}
	said := peer.Registration{
		ClusterID: view.ClusterID(), Node: o.Node, Site: o.Site, Incarnation: o.Incarnation, Disk: o.Disk, Start: o.Start,
		Raft: o.Raft, Gossip: o.Gossip, HTTP: o.HTTP, Version: o.Version, Protocol: o.Protocol, BallotKey: o.BallotKey,
	}
	client := &peer.Client{Token: token}
	if welcome, err := client.Register(t.Context(), leader.Self().HTTP, said); err != nil || welcome.Epoch != o.Epoch {
		t.Errorf("the same once more: %+v, %v", welcome, err)
	}
	for what, change := range map[string]func(*peer.Registration){
		"site":   func(r *peer.Registration) { r.Site = "elsewhere" },
		"raft":   func(r *peer.Registration) { r.Raft = "127.0.0.9:7000" },
		"gossip": func(r *peer.Registration) { r.Gossip = "127.0.0.9:8000" },
		"http":   func(r *peer.Registration) { r.HTTP = "127.0.0.9:6000" },
		"disk":   func(r *peer.Registration) { r.Disk = "another" },
		"start":  func(r *peer.Registration) { r.Start++ },
	} {
		other := said
		change(&other)
		_, err := client.Register(t.Context(), leader.Self().HTTP, other)
		if !errors.Is(err, api.ErrDenied) || !strings.Contains(err.Error(), "a token with the role node (--peer-token-file)") {
			t.Errorf("another %s by a join token: %v", what, err)
		}
	}
	if now, _ := leader.View().Observer("n3"); *now != *o {
		t.Errorf("n3 is registered as %+v now, and was as %+v", *now, *o)
	}
}

func ask(t *testing.T, n *node.Node, method, path string, token access.Token) (status int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+n.Self().HTTP+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if !token.IsZero() {
		r.Header.Set("Authorization", token.Header())
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	return a.StatusCode
}
