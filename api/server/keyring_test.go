package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/keyring"
)

// rings are the gossip keys of all nodes of a world.
type rings struct {
	mu     sync.Mutex
	of     map[string]keyring.Ring
	moved  map[string]string // nodes whose address is another's now
	broken string            // the node whose file can't be written
	strays map[string]*keyring.Stray
}

func (r *rings) change(node string, change keyring.Change) (keyring.Ring, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken == node {
		return r.of[node], errors.New("write the gossip keys: permission denied")
	}
	ring, err := change.Of(r.of[node])
	if err == nil && r.of != nil {
		r.of[node] = ring
	}
	return ring, err
}

func (r *rings) held(node string) keyring.Held {
	r.mu.Lock()
	defer r.mu.Unlock()
	return keyring.Held{Keys: r.of[node].Fingerprints(), File: r.strays[node]}
}

// GossipKeys implements api.Peer.
func (w *world) GossipKeys() keyring.Held { return w.rings.held("node2") }

// GossipKeys implements api.Peers.
func (o others) GossipKeys(ctx context.Context, address string) (peer.RingReport, error) {
	there, err := o.Account(ctx, address, "")
	if at := o.rings.moved[there.Node]; at != "" {
		there.Node = at
	}
	return peer.RingReport{Node: there.Node, Held: o.rings.held(there.Node)}, err
}

// ChangeKeys implements api.Peer.
func (w *world) ChangeKeys(change keyring.Change) (keyring.Ring, error) {
	return w.rings.change("node2", change)
}

// ChangeKeys implements api.Peers.
func (o others) ChangeKeys(ctx context.Context, address string, change keyring.Change) (peer.RingReport, error) {
	there, err := o.Account(ctx, address, "")
	if err != nil {
		return peer.RingReport{}, err
	}
	if at := o.rings.moved[there.Node]; at != "" {
		there.Node = at
	}
	ring, err := o.rings.change(there.Node, change)
	return peer.RingReport{Node: there.Node, Held: keyring.Hold(ring, ring, nil)}, err
}

// withKeys is a world in which all nodes have these keys.
func withKeys(t *testing.T, ring keyring.Ring) *world {
	w := newWorld(t)
	w.rings.of = map[string]keyring.Ring{}
	for i := 1; i <= 5; i++ {
		w.rings.of[fmt.Sprintf("node%d", i)] = ring
	}
	return w
}

func TestKeyring_ChangesStepByStep(t *testing.T) {
	before, after := keyring.NewKey(), keyring.NewKey()
	w := withKeys(t, keyring.NewRing(before))
	path := "/v1/keyring/" + string(after.Fingerprint())

	refused(t, w.request(http.MethodPost, path+"/use", ""), "no node that answers has the key "+after.String())
	for _, step := range []struct{ method, path, body, want string }{
		{http.MethodPost, "/v1/keyring", `{"key":"` + after.Reveal() + `"}`, before.String() + ", " + after.String()},
		{http.MethodPost, "/v1/keyring", `{"key":"` + after.Reveal() + `"}`, before.String() + ", " + after.String()},
		{http.MethodPost, path + "/use", "", after.String() + ", " + before.String()},
		{http.MethodDelete, "/v1/keyring/" + before.String(), "", after.String()},
	} {
		answer := w.request(step.method, step.path, step.body)
		changed := decoded[api.KeyringChanged](t, answer)
		if !changed.Complete || len(changed.Nodes) != 5 || strings.Contains(answer.body, after.Reveal()) {
			t.Errorf("%s %s: %s", step.method, step.path, answer.body)
		}
		for node, ring := range w.rings.of {
			if ring.String() != step.want {
				t.Errorf("after %s %s %s has %s, want %s", step.method, step.path, node, ring, step.want)
			}
		}
	}
	shown := decoded[api.Keyring](t, w.get("/v1/keyring"))
	if len(shown.Keys) != 1 || shown.Keys[0].Fingerprint != after.Fingerprint() || len(shown.Keys[0].Primary) != 5 || len(shown.Nodes) != 5 {
		t.Errorf("in the end: %+v", shown)
	}
}

func TestKeyring_RefusesWhatWouldPartTheNodes(t *testing.T) {
	before, after := keyring.NewKey(), keyring.NewKey()
	both, _ := keyring.NewRing(before).Install(after)
	used, _ := both.Use(after.Fingerprint())
	w := withKeys(t, both)
	w.rings.of["node4"] = keyring.NewRing(before)
	use, remove := "/v1/keyring/"+after.String()+"/use", "/v1/keyring/"+before.String()
	refused(t, w.request(http.MethodPost, use, ""), "node4: the key "+after.String()+" is not installed there")
	refused(t, w.request(http.MethodPost, use+"?force=true", ""), "node4: the key")

	w = withKeys(t, used)
	w.rings.of["node3"] = both
	refused(t, w.request(http.MethodDelete, remove, ""), "node3: all is sent by the key "+before.String())
	w.rings.of["node3"] = used
	w.silent = map[string]string{"node3": "gone"}
	refused(t, w.request(http.MethodDelete, remove, ""), "node3: what keys are there can't be told (it can't be reached")
	changed := decoded[api.KeyringChanged](t, w.request(http.MethodDelete, remove+"?force=true", ""))
	at := slices.IndexFunc(changed.Nodes, func(n api.NodeRekeyed) bool { return !n.Done })
	if changed.Complete || at < 0 || changed.Nodes[at].Node != "node3" || !strings.Contains(changed.Nodes[at].Problem, "can't be reached") {
		t.Errorf("got %+v", changed)
	}
	for node, ring := range w.rings.of {
		if want := map[bool]keyring.Ring{true: used, false: keyring.NewRing(after)}[node == "node3"]; !ring.Equal(want) {
			t.Errorf("%s has %s, want %s", node, ring, want)
		}
	}
}

// TestKeyring_TakesNoNodeForAnother: what answers at the address of a node tells
// nothing of its keys.
func TestKeyring_TakesNoNodeForAnother(t *testing.T) {
	before, after := keyring.NewKey(), keyring.NewKey()
	both, _ := keyring.NewRing(before).Install(after)
	w := withKeys(t, both)
	w.rings.of["node4"] = keyring.NewRing(before)
	w.rings.moved = map[string]string{"node4": "node5"}
	refused(t, w.request(http.MethodPost, "/v1/keyring/"+after.String()+"/use", ""), "node4: what keys are there can't be told")
}

func TestKeyring_SaysWhereItFailed(t *testing.T) {
	w := withKeys(t, keyring.NewRing(keyring.NewKey()))
	var log bytes.Buffer
	w.logger = slog.New(slog.NewJSONHandler(&log, nil))
	for _, broken := range []string{"node2", "node5"} { // the one that is asked, and another
		w.rings.broken = broken
		log.Reset()
		changed := decoded[api.KeyringChanged](t, w.request(http.MethodPost, "/v1/keyring", `{"key":"`+keyring.NewKey().Reveal()+`"}`))
		for _, n := range changed.Nodes {
			if n.Done != (n.Node != broken) || n.Node == broken && !strings.Contains(n.Problem, "permission denied") {
				t.Errorf("%s is broken, and %+v", broken, n)
			}
		}
		if !strings.Contains(log.String(), `"level":"WARN"`) || !strings.Contains(log.String(), `"failed":["`+broken+`"]`) || strings.Contains(log.String(), `"nodes":["`+broken) {
			t.Errorf("%s is broken, and the log says %s", broken, &log)
		}
	}
	for _, body := range []string{`{"key":"hunter2"}`, `{}`, `{"key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`} {
		answer := w.request(http.MethodPost, "/v1/keyring", body)
		if answer.status != http.StatusBadRequest || strings.Contains(answer.body, "hunter2") {
			t.Errorf("%s: %d %s", body, answer.status, answer.body)
		}
	}
}

// TestKeyring_AsksWhoBelongsToItOfAConfirmedLeader, before each change; to look takes
// no leader.
func TestKeyring_AsksWhoBelongsToItOfAConfirmedLeader(t *testing.T) {
	before, after := keyring.NewKey(), keyring.NewKey()
	both, _ := keyring.NewRing(before).Install(after)
	path := "/v1/keyring/"
	for _, step := range []struct{ method, path, body string }{
		{http.MethodPost, "/v1/keyring", `{"key":"` + after.Reveal() + `"}`},
		{http.MethodPost, path + after.String() + "/use", ""},
		{http.MethodDelete, path + after.String(), ""},
	} {
		w := withKeys(t, both)
		w.request(step.method, step.path, step.body).wantWord(t, http.StatusOK)
		if !slices.Equal(w.caughtUp, []bool{true}) {
			t.Errorf("%s %s: caught up %v", step.method, step.path, w.caughtUp)
		}
		w = withKeys(t, both)
		w.behind = api.ErrNoLeader
		w.request(step.method, step.path, step.body).wantWord(t, http.StatusServiceUnavailable)
		if ring := w.rings.of["node4"]; !slices.Equal(ring.Fingerprints(), both.Fingerprints()) {
			t.Errorf("%s %s: without a leader node4 has %v", step.method, step.path, ring)
		}
		w.get("/v1/keyring").wantWord(t, http.StatusOK)
	}
}

// TestKeyring_ShowsAFileThatSaysSomethingElse, and changes nothing before it is mended.
func TestKeyring_ShowsAFileThatSaysSomethingElse(t *testing.T) {
	before, after := keyring.NewKey(), keyring.NewKey()
	both, _ := keyring.NewRing(before).Install(after)
	w := withKeys(t, both)
	w.rings.strays = map[string]*keyring.Stray{"node4": {Keys: keyring.NewRing(before).Fingerprints()}}
	for _, n := range decoded[api.Keyring](t, w.get("/v1/keyring")).Nodes {
		if (n.File != nil) != (n.Node == "node4") {
			t.Errorf("got %+v", n)
		}
		if n.File != nil && (!slices.Equal(n.File.Keys, keyring.NewRing(before).Fingerprints()) || !strings.Contains(n.File.Text, "says "+before.String()) || !strings.Contains(n.File.Remedy, "tocsin reload")) {
			t.Errorf("got %+v", n.File)
		}
	}
	refused(t, w.request(http.MethodPost, "/v1/keyring/"+after.String()+"/use", ""), "node4: its file of the gossip keys says "+before.String())
	w.request(http.MethodPost, "/v1/keyring/"+after.String()+"/use?force=true", "").wantWord(t, http.StatusOK)
}

func refused(t *testing.T, a answer, want string) {
	t.Helper()
	a.wantWord(t, http.StatusConflict, want)
}

// TestPeer_KeysArriveAsSent: over HTTP a key is whole, and an error says the same.
func TestPeer_KeysArriveAsSent(t *testing.T) {
	before, after := keyring.NewKey(), keyring.NewKey()
	w := withKeys(t, keyring.NewRing(before))
	client, address := newClient(t), serve(t, w.handler())
	for _, c := range []struct {
		change keyring.Change
		want   []keyring.Fingerprint
		err    string
	}{
		{keyring.Change{Step: keyring.Install, Key: after}, []keyring.Fingerprint{before.Fingerprint(), after.Fingerprint()}, ""},
		{keyring.Change{Step: keyring.Remove, Fingerprint: before.Fingerprint()}, nil, "use another one first"},
		{keyring.Change{Step: keyring.Use, Fingerprint: after.Fingerprint()}, []keyring.Fingerprint{after.Fingerprint(), before.Fingerprint()}, ""},
		{keyring.Change{Step: "look"}, nil, `"look" is no step`},
		{keyring.Change{Step: "steal"}, nil, `"steal" is no step`},
	} {
		report, err := client.ChangeKeys(t.Context(), address, c.change)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%+v: %v, want %q", c.change, err, c.err)
		}
		if err == nil && (report.Node != "node2" || !slices.Equal(report.Keys, c.want)) {
			t.Errorf("%+v: got %+v, want %v", c.change, report, c.want)
		}
	}
	for _, stray := range []*keyring.Stray{nil, {Keys: []keyring.Fingerprint{before.Fingerprint()}}, {Fault: "open /k: permission denied"}} {
		w.rings.strays = map[string]*keyring.Stray{"node2": stray}
		want := peer.RingReport{Node: "node2", Held: keyring.Held{Keys: w.rings.of["node2"].Fingerprints(), File: stray}}
		if got, err := client.GossipKeys(t.Context(), address); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	w.request(http.MethodPost, "/v1/peer/keyring", `{"step":"install","key":"hunter2"}`, "Content-Type: application/json").wantWord(t, http.StatusBadRequest, "this is no key")
}
