package server_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"tocsin/api"
	"tocsin/fsm"
)

// toldProcess is a process whose next reload ends so.
type toldProcess struct {
	reloaded api.Reloaded
	err      error
}

func (p toldProcess) Configuration() []api.Configured {
	return []api.Configured{{Setting: "node", Value: "node2", From: "flag"}}
}
func (p toldProcess) Reload() (api.Reloaded, error) { return p.reloaded, p.err }

func TestReload(t *testing.T) {
	w := newWorld(t)
	w.process = toldProcess{reloaded: api.Reloaded{File: "f.yaml", Applied: []api.Reconfigured{{Setting: "site", From: "a", To: "b"}}, Waiting: []api.Reconfigured{}}}
	if got := decoded[api.Reloaded](t, w.request("POST", "/v1/reload", "")); got.File != "f.yaml" || len(got.Applied) != 1 {
		t.Errorf("got %+v", got)
	}
	if got := decoded[api.Configuration](t, w.get("/v1/config")); len(got.Settings) != 1 || got.Settings[0].Value != "node2" {
		t.Errorf("got %+v", got)
	}

	w = newWorld(t)
	w.process = toldProcess{err: errors.New("f.yaml:2:1: there is no \"max_cheks\"\nf.yaml:3:1: nor this")}
	w.request("POST", "/v1/reload", "").wantWord(t, http.StatusUnprocessableEntity, "nothing has changed: f.yaml:2:1", "; f.yaml:3:1")
	newWorld(t).request("POST", "/v1/reload", "").wantWord(t, http.StatusUnprocessableEntity, "without a configuration file")
	newWorld(t).get("/v1/reload").wantWord(t, http.StatusMethodNotAllowed, "POST")
}

func TestReport_LooksForTheScripts(t *testing.T) {
	w := newWorld(t)
	w.room = new(uint64(1000))
	w.apply(fsm.SetEndpoint{Key: "a", Value: "v"})
	w.apply(fsm.SetEndpoint{Key: "b", Value: "v", Overrides: &fsm.Overrides{Verify: new("other.sh")}})
	w.apply(fsm.SetEndpoint{Key: "c", Value: "h:1", Overrides: &fsm.Overrides{Check: new(fsm.CheckTCP), Verify: new("unused.sh")}})
	w.apply(fsm.SetEndpoint{Key: "d", Value: "v", Overrides: &fsm.Overrides{Check: new(fsm.CheckStream), Verify: new("other.sh")}})
	got := decoded[api.NodeReport](t, w.get("/v1/node"))
	if got.Node != "node2" || got.RoomBytes == nil || !got.LittleRoom || got.Canaries != 2 || !got.CanariesSilent || len(got.Scripts) != 3 {
		t.Fatalf("got %+v", got)
	}
	for i, want := range []api.ScriptReport{{Name: "notify.sh", Endpoints: 4}, {Name: "other.sh", Endpoints: 2, Problem: got.Scripts[1].Problem}, {Name: "verify.sh", Endpoints: 1}} {
		if got.Scripts[i] != want {
			t.Errorf("got %+v, want %+v", got.Scripts[i], want)
		}
	}
	if got.Scripts[1].Problem == "" {
		t.Error("a script that is not there is no problem")
	}
	if got := decoded[api.NodeReport](t, newWorld(t).get("/v1/node")); got.RoomBytes != nil {
		t.Errorf("got %+v", got)
	}
}

// TestProfiles are shown to this machine alone, and only where that is wanted.
func TestProfiles(t *testing.T) {
	ask := func(w *world, path, from string, header ...string) answer {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = from
		for _, name := range header {
			r.Header.Set(name, "10.0.0.9")
		}
		recorder := httptest.NewRecorder()
		w.handler().ServeHTTP(recorder, r)
		return answer{recorder.Code, recorder.Header(), recorder.Body.String()}
	}
	off, on := newWorld(t), newWorld(t)
	on.profiling = true
	const here, there = "127.0.0.1:4711", "192.0.2.1:4711"
	ask(off, "/debug/pprof/goroutine", here).wantWord(t, 404, "--pprof")
	ask(on, "/debug/pprof/", here).wantWord(t, 200, "goroutine")
	ask(on, "/debug/pprof/goroutine?debug=2", "[::1]:4711").wantWord(t, 200, "goroutine ")
	ask(on, "/debug/pprof/goroutine", there).wantWord(t, 403, "127.0.0.1")
	ask(on, "/debug/pprof/goroutine", here, "X-Forwarded-For").wantWord(t, 403, "127.0.0.1")
	ask(on, "/debug/pprof/cmdline", here).wantWord(t, 404, "secrets")
	ask(on, "/debug/pprof/nothing", here).wantWord(t, 404)
	ask(on, "/debug/pprof/heap?gcc=1", here).wantWord(t, 400, `did you mean "gc"?`)
}
