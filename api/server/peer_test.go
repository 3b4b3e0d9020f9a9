package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
)

const registration = `{"node":"node6","incarnation":"i","raft":"127.0.0.1:7006","gossip":"127.0.0.1:8006","http":"127.0.0.1:6006"}`

func node6() peer.Registration {
	return peer.Registration{
		ClusterID: clusterName, Node: "node6", Site: "nice", Incarnation: "i", Raft: "127.0.0.1:7006",
		Gossip: "127.0.0.1:8006", HTTP: "127.0.0.1:6006", Version: "1.1", Fresh: true,
	}
}

func serve(t *testing.T, h http.Handler) (address string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func newClient(t *testing.T) *peer.Client {
	c := &peer.Client{}
	t.Cleanup(c.Close)
	return c
}

func TestPeer_RegisterArrivesAsSent(t *testing.T) {
	w := newWorld(t)
	var got peer.Registration
	welcome := peer.Welcome{ClusterID: clusterName, Epoch: 17, Gossip: []string{"127.0.0.1:8001"}}
	w.registered = func(r peer.Registration) (peer.Welcome, error) {
		got = r
		return welcome, nil
	}
	answered, err := newClient(t).Register(t.Context(), serve(t, w.handler()), node6())
	if err != nil {
		t.Fatal(err)
	}
	if got != node6() {
		t.Errorf("sent %+v, arrived %+v", node6(), got)
	}
	if fmt.Sprint(answered) != fmt.Sprint(welcome) {
		t.Errorf("got %+v, want %+v", answered, welcome)
	}
}

func TestPeer_IntroducesItself(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(w.handler())
	defer server.Close()
	got, err := newClient(t).Introduce(t.Context(), server.Listener.Addr().String(), peer.Introduction{Node: "node6"})
	if want := (peer.Introduction{Node: "node2", ClusterID: clusterName}); err != nil || got != want {
		t.Errorf("Introduce = %+v, %v, want %+v", got, err, want)
	}
	if _, err := newClient(t).Introduce(t.Context(), closedAddress(t), peer.Introduction{Node: "node6"}); !errors.Is(err, api.ErrUnreachable) {
		t.Errorf("where nobody listens: %v, want that it can't be reached", err)
	}
}

func TestPeer_RegisterRefusesNonsense(t *testing.T) {
	w := newWorld(t)
	w.registered = func(peer.Registration) (peer.Welcome, error) {
		t.Error("nonsense was passed on")
		return peer.Welcome{}, nil
	}
	for _, body := range []string{
		"", "{", "[]", "{}", strings.Replace(registration, "node6", "no de", 1), strings.Replace(registration, `"i"`, `""`, 1),
		strings.Replace(registration, ":7006", "", 1), strings.Replace(registration, ":8006", ":x", 1),
	} {
		w.register(body).wantWord(t, 400, `"detail":"`)
	}
	w.register(`{"node":"`+strings.Repeat("x", 70_000)+`"}`).wantWord(t, 413)
	w.proposeEntry("").wantWord(t, 400, "empty")
	w.proposeEntry("\x01{").wantWord(t, 400, "decode")
	w.proposeEntry("\x01"+strings.Repeat(" ", fsm.MaxEntryBytes-1)).wantWord(t, 400, "decode")
	w.proposeEntry(strings.Repeat("x", fsm.MaxEntryBytes+1)).wantWord(t, 413)
}

func TestPeer_RegisterToleratesFieldsOfNewerNodes(t *testing.T) {
	w := newWorld(t)
	w.registered = func(r peer.Registration) (peer.Welcome, error) { return peer.Welcome{}, nil }
	w.register(`{"mood":"good",`+registration[1:]).wantWord(t, 200)
}

func TestPeer_Propose(t *testing.T) {
	w := newWorld(t)
	entry, err := fsm.Encode(fsm.SetEndpoint{Key: "k", Value: "v"}, fsm.DeleteEndpoint{Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	results, err := newClient(t).Propose(t.Context(), serve(t, w.handler()), clusterName, entry)
	if err != nil || len(results) != 2 || results[0].Index != w.index || !results[1].Changed {
		t.Errorf("got %+v, %v", results, err)
	}
	_, err = newClient(t).Propose(t.Context(), "127.0.0.1:1", clusterName, make([]byte, fsm.MaxEntryBytes+1))
	if r, ok := errors.AsType[*fsm.Refusal](err); !ok || r.Code != fsm.Invalid {
		t.Errorf("too large an entry: %v", err)
	}
}

func TestPeer_ProposeIsForOneCluster(t *testing.T) {
	w := newWorld(t)
	address := serve(t, w.handler())
	if _, err := newClient(t).Propose(t.Context(), address, "another", entry(t)); !errors.Is(err, api.ErrNoLeader) || w.writes > 0 {
		t.Errorf("for another cluster: %v, and %d writes", err, w.writes)
	}
	if _, err := newClient(t).Propose(t.Context(), address, "", entry(t)); err != nil {
		t.Errorf("from an older build: %v", err)
	}
}

// TestPeer_ErrorsCrossTheWire holds that the caller sees the error that the
// leader returned.
func TestPeer_ErrorsCrossTheWire(t *testing.T) {
	w := newWorld(t)
	address := serve(t, w.handler())
	for _, want := range []error{api.ErrNoLeader, api.ErrUncertain} {
		w.proposeErr = want
		if _, err := newClient(t).Propose(t.Context(), address, clusterName, entry(t)); !errors.Is(err, want) {
			t.Errorf("sent %v, got %v", want, err)
		}
	}
	for _, code := range []fsm.Code{fsm.NotFound, fsm.Invalid, fsm.Conflict, fsm.TooOld} {
		w.proposeErr = &fsm.Refusal{Code: code, Message: "no and no"}
		_, err := newClient(t).Propose(t.Context(), address, clusterName, entry(t))
		if r, ok := errors.AsType[*fsm.Refusal](err); !ok || r.Code != code || r.Message != "no and no" {
			t.Errorf("sent a refusal %s, got %v", code, err)
		}
	}
	w.proposeErr = errors.New("the disk is on fire")
	if _, err := newClient(t).Propose(t.Context(), address, clusterName, entry(t)); !errors.Is(err, api.ErrUncertain) {
		t.Errorf("after a 500 nobody can tell, and the client says %v", err)
	}
}

func TestPeer_FollowsTheLeader(t *testing.T) {
	for hops := range 6 {
		w := newWorld(t)
		address := serve(t, w.handler())
		for range hops {
			ahead := address
			follower := newWorld(t)
			follower.proposeErr = api.ErrNotLeader{LeaderHTTP: ahead}
			address = serve(t, follower.handler())
		}
		results, err := newClient(t).Propose(t.Context(), address, clusterName, entry(t))
		switch {
		case hops <= 3 && (err != nil || len(results) != 1):
			t.Errorf("%d hops: %v", hops, err)
		case hops > 3 && !errors.Is(err, api.ErrNoLeader):
			t.Errorf("%d hops: got %v", hops, err)
		case hops > 3 && w.writes > 0:
			t.Errorf("%d hops: it was written all the same", hops)
		}
	}
}

func TestPeer_ACircleEnds(t *testing.T) {
	w := newWorld(t)
	address := serve(t, w.handler())
	w.proposeErr = api.ErrNotLeader{LeaderHTTP: address}
	_, err := newClient(t).Propose(t.Context(), address, clusterName, entry(t))
	if !errors.Is(err, api.ErrNoLeader) || w.writes != 4 {
		t.Errorf("asked %d times, got %v", w.writes, err)
	}
}

func TestPeer_BadAnswers(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"empty":       func(http.ResponseWriter, *http.Request) {},
		"not JSON":    func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") },
		"no result":   func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"results":[]}`) },
		"wrong types": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"results":[1],"epoch":"x"}`) },
		"too large": func(w http.ResponseWriter, _ *http.Request) {
			chunk := bytes.Repeat([]byte(" "), 1<<20)
			for range 20 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		},
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"results":[`)
		},
		"hung up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		},
		"plain 404": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "404 page not found", http.StatusNotFound) },
		"proxy": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "<h1>Bad gateway</h1>", http.StatusBadGateway)
		},
		"another code": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, answer)
			if _, err := newClient(t).Propose(t.Context(), address, clusterName, entry(t)); !errors.Is(err, api.ErrUncertain) || !strings.Contains(err.Error(), address) {
				t.Errorf("propose: got %v", err)
			}
			if _, err := newClient(t).Register(t.Context(), address, node6()); err == nil || !strings.Contains(err.Error(), address) {
				t.Errorf("register: got %v", err)
			}
		})
	}
}

func TestPeer_ALeaderThatCannotBeRight(t *testing.T) {
	for _, leader := range []string{"", "h", "h:0", "h:1/x", "http://h:1", "a@h:1"} {
		address := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusMisdirectedRequest)
			_ = json.NewEncoder(w).Encode(api.Problem{Detail: "not me", LeaderHTTP: leader})
		}))
		if _, err := newClient(t).Propose(t.Context(), address, clusterName, entry(t)); !errors.Is(err, api.ErrNoLeader) {
			t.Errorf("leader %q: got %v", leader, err)
		}
	}
}

// closedAddress returns an address of this machine that nobody listens on.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return listener.Addr().String()
}

func TestPeer_NobodyListens(t *testing.T) {
	address := closedAddress(t)
	_, err := newClient(t).Propose(t.Context(), address, clusterName, entry(t))
	if !errors.Is(err, api.ErrUnreachable) || !errors.Is(err, api.ErrNoLeader) || errors.Is(err, api.ErrUncertain) {
		t.Errorf("propose: got %v", err)
	}
	if _, err := newClient(t).Register(t.Context(), address, node6()); !errors.Is(err, api.ErrUnreachable) {
		t.Errorf("register: got %v", err)
	}
}

// TestPeer_WhatDidNotComeInWhole: the node is there, and nothing was done.
func TestPeer_WhatDidNotComeInWhole(t *testing.T) {
	address := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p := api.NewProblem(api.CodeIncomplete, "the body broke off")
		w.WriteHeader(p.Status)
		_ = json.NewEncoder(w).Encode(p)
	}))
	c := newClient(t)
	_, introduced := c.Introduce(t.Context(), address, peer.Introduction{Node: "node6"})
	if !errors.Is(introduced, api.ErrIncomplete) {
		t.Errorf("introduce: %v", introduced)
	}
	_, proposed := c.Propose(t.Context(), address, clusterName, entry(t))
	_, read := c.Index(t.Context(), address, false)
	for call, err := range map[string]error{"propose": proposed, "index": read} {
		if !errors.Is(err, api.ErrNoLeader) || errors.Is(err, api.ErrUncertain) || errors.Is(err, api.ErrBehind) {
			t.Errorf("%s: %v, which is not to be tried again", call, err)
		}
	}
	for call, err := range map[string]error{"introduce": introduced, "propose": proposed, "index": read} {
		if errors.Is(err, api.ErrUnreachable) {
			t.Errorf("%s: a node that has answered can't be reached: %v", call, err)
		}
	}
}

func TestPeer_TheContextEndsACall(t *testing.T) {
	released := make(chan struct{})
	address := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-released }))
	defer close(released)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := newClient(t).Propose(ctx, address, clusterName, entry(t))
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, api.ErrUncertain) {
		t.Errorf("got %v", err)
	}
}

func TestPeer_OverAnotherTransport(t *testing.T) {
	w := newWorld(t)
	h := w.handler()
	c := &peer.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, r)
		return recorder.Result(), nil
	})}
	if _, err := c.Propose(t.Context(), "node1:1", clusterName, entry(t)); err != nil {
		t.Error(err)
	}
	broken := &peer.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: http.NoBody, Request: &http.Request{}}, iotest.ErrTimeout
	})}
	if _, err := broken.Propose(t.Context(), "node1:1", clusterName, entry(t)); !errors.Is(err, api.ErrUncertain) {
		t.Errorf("got %v", err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func entry(t *testing.T) []byte {
	t.Helper()
	packed, err := fsm.Encode(fsm.SetEndpoint{Key: "k", Value: "v"})
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// TestPeer_TellsItsIndex, and why not when it can't.
func TestPeer_TellsItsIndex(t *testing.T) {
	w := newWorld(t)
	address := serve(t, w.handler())
	for _, verified := range []bool{true, false} {
		index, err := newClient(t).Index(t.Context(), address, verified)
		if err != nil || index != w.index || w.caughtUp[len(w.caughtUp)-1] != verified {
			t.Errorf("got %d, %v, and the node was asked %v", index, err, w.caughtUp)
		}
	}
	for sent, want := range map[error]error{
		api.ErrNoLeader: api.ErrNoLeader, api.ErrNotLeader{}: api.ErrNoLeader, api.ErrBehind: api.ErrBehind,
		errors.New("the disk is on fire"): api.ErrBehind,
	} {
		w.behind = sent
		if _, err := newClient(t).Index(t.Context(), address, true); !errors.Is(err, want) || errors.Is(want, api.ErrBehind) == errors.Is(err, api.ErrNoLeader) {
			t.Errorf("sent %v, got %v", sent, err)
		}
	}
	if _, err := newClient(t).Index(t.Context(), closedAddress(t), true); !errors.Is(err, api.ErrNoLeader) {
		t.Errorf("where nobody listens: %v", err)
	}
}

// FuzzPeer_Bodies holds that no body makes a node fail that others ask, and that
// no registration is passed on which no node would send. Strangers reach the
// first two of the paths.
func FuzzPeer_Bodies(f *testing.F) {
	paths := []string{"introduce", "register", "index", "account", "check", "transfer", "keyring", "keys"}
	for i, body := range []string{
		`{"node":"node6","cluster_id":"c1","bootstrap":true,"founded":false}`, registration, `{"verified":true}`, `{"key":"a/b"}`, `{"key":"k"}`,
		`{"to":"node3"}`, `{"step":"install","key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`, `null`, `{}`, `[]`, "", `{"node":1}`, `{"node":"\ud800"}`, "\xff", `{}{}`,
	} {
		f.Add(uint8(i), []byte(body))
	}
	w := newWorld(f)
	h := w.handler()
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		w.again(t)
		w.registered = func(r peer.Registration) (peer.Welcome, error) {
			for _, address := range []string{r.Raft, r.Gossip, r.HTTP} {
				if _, _, err := net.SplitHostPort(address); err != nil {
					t.Errorf("passed on with the address %q", address)
				}
			}
			if err := fsm.ValidateNodeName(r.Node); err != nil || r.Incarnation == "" {
				t.Errorf("passed on as %q, %q: %v", r.Node, r.Incarnation, err)
			}
			return peer.Welcome{ClusterID: clusterName}, nil
		}
		path := "/v1/peer/" + paths[int(which)%len(paths)]
		a := send(h, http.MethodPost, path, string(body), "Content-Type: application/json")
		switch a.status {
		case 200:
			if !json.Valid(body) {
				t.Errorf("%s takes %q", path, body)
			}
		case 400, 404, 409, 413:
		default:
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		if !json.Valid([]byte(a.body)) {
			t.Errorf("%s answers %q", path, a.body)
		}
	})
}
