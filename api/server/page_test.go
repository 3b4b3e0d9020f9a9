package server_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
)

// keysOf follows the pages of a list, and lets something happen between them.
func keysOf(t *testing.T, w *world, path string, query url.Values, between func(page int)) (keys []string, pages int) {
	t.Helper()
	for {
		page := decoded[api.Endpoints](t, w.get(path+"?"+query.Encode()))
		for _, e := range page.Endpoints {
			keys = append(keys, e.Key)
		}
		pages++
		if page.Next == "" {
			return keys, pages
		}
		between(pages)
		query.Set("cursor", page.Next)
	}
}

func TestPages_HoldEachKeyOnceWhateverHappensInBetween(t *testing.T) {
	w := newWorld(t)
	for i := range 10 {
		w.set(fmt.Sprintf("k%d", i), "v")
	}
	got, pages := keysOf(t, w, "/v1/endpoints", url.Values{"limit": {"3"}}, func(page int) {
		if page == 1 { // after k0, k1, k2
			w.apply(fsm.DeleteEndpoint{Key: "k2"}, fsm.DeleteEndpoint{Key: "k5"})
			w.set("k00", "v") // already passed
			w.set("k65", "v")
		}
	})
	if want := strings.Fields("k0 k1 k2 k3 k4 k6 k65 k7 k8 k9"); !slices.Equal(got, want) || pages != 4 {
		t.Errorf("got %q in %d pages, want %q in 4", got, pages, want)
	}
	last := decoded[api.Status](t, w.get("/v1/status?limit=10"))
	if len(last.Endpoints) != 10 || last.Next != "" {
		t.Errorf("all on one page: %d, and then %q", len(last.Endpoints), last.Next)
	}
	if first := decoded[api.Status](t, w.get("/v1/status?limit=1")); len(first.Endpoints) != 1 || first.Next == "" || first.Cluster.Endpoints != 10 {
		t.Errorf("got %+v", first)
	}
}

func TestPages_EndWhereTheAnswerWouldGrowTooLarge(t *testing.T) {
	w := newWorld(t)
	value := strings.Repeat("v", fsm.MaxValue)
	for i := range 200 {
		w.set(fmt.Sprintf("k%03d", i), value)
	}
	a := w.get("/v1/endpoints?limit=10000")
	if page := decoded[api.Endpoints](t, a); page.Next == "" || len(a.body) > 9<<20 {
		t.Errorf("%d bytes with %d endpoints on one page", len(a.body), len(page.Endpoints))
	}
	keys, pages := keysOf(t, w, "/v1/endpoints", url.Values{}, func(int) {})
	if len(keys) != 200 || pages != 2 {
		t.Errorf("%d keys on %d pages", len(keys), pages)
	}
}

func TestLists_Filter(t *testing.T) {
	w := newWorld(t)
	labels := map[string]string{"team": "a", "tier": "1"}
	w.apply(fsm.SetEndpoint{Key: "web/1", Value: "v", Labels: &labels})
	w.apply(fsm.SetEndpoint{Key: "web/2", Value: "v", Labels: &map[string]string{"team": "a"}})
	w.set("db", "v")
	w.decide("web/1", health.Up)
	w.decide("db", health.Down)
	for query, want := range map[string]string{
		"":                                  "db web/1 web/2",
		"?prefix=web/":                      "web/1 web/2",
		"?label=team=a":                     "web/1 web/2",
		"?label=team=a&label=tier=1":        "web/1",
		"?label=team=b":                     "",
		"?label=team=":                      "",
		"?state=DOWN":                       "db",
		"?state=down":                       "db",
		"?state=UNKNOWN":                    "web/2",
		"?state=UP&prefix=db":               "",
		"?state=UP&label=team%3Da&limit=10": "web/1",
	} {
		var keys, status []string
		for _, e := range decoded[api.Endpoints](t, w.get("/v1/endpoints"+query)).Endpoints {
			keys = append(keys, e.Key)
		}
		for _, e := range decoded[api.Status](t, w.get("/v1/status"+query)).Endpoints {
			status = append(status, e.Key)
		}
		if got := strings.Join(keys, " "); got != want || !slices.Equal(keys, status) {
			t.Errorf("%s: endpoints %q, status %q, want %q", query, keys, status, want)
		}
	}
}

func TestConsistency_IsAskedForAndWaitedFor(t *testing.T) {
	w := newWorld(t)
	w.set("web", "v")
	for _, path := range []string{"/v1/endpoints", "/v1/endpoints/web", "/v1/status", "/v1/status/web", "/v1/events", "/v1/members", "/v1/settings"} {
		w.caughtUp, w.behind = nil, nil
		w.get(path).wantWord(t, 200)
		w.get(path+"?consistency=stale").wantWord(t, 200)
		if len(w.caughtUp) > 0 {
			t.Errorf("%s waits without being asked to", path)
		}
		w.get(path+"?consistency=leader").wantWord(t, 200)
		w.get(path+"?consistency=linearizable").wantWord(t, 200)
		if !slices.Equal(w.caughtUp, []bool{false, true}) {
			t.Errorf("%s asked for %v", path, w.caughtUp)
		}
		for _, err := range []error{api.ErrNoLeader, fmt.Errorf("%w: so far", api.ErrBehind)} {
			w.behind = err
			a := w.get(path + "?consistency=linearizable")
			a.wantWord(t, 503)
			if a.header.Get("Retry-After") != "1" {
				t.Errorf("%s: headers %v", path, a.header)
			}
		}
	}
	w.behind = errors.New("unheard of")
	w.get("/v1/status?consistency=leader").wantWord(t, 500)
}

func TestStamps(t *testing.T) {
	w := newWorld(t)
	w.set("web", "v")
	for target, status := range map[string]int{"/v1/status": 200, "/v1/nothing": 404, "/v1/status?x=1": 400, "/status": 200, "/get?key=x": 404, "/leader": 200} {
		a := w.get(target)
		if a.status != status || a.header.Get(api.IndexHeader) != strconv.FormatUint(w.index, 10) ||
			a.header.Get(api.LeaderHeader) != "node1" || a.header.Get(api.ServedByHeader) != "node2" {
			t.Errorf("%s: %d %v", target, a.status, a.header)
		}
	}
	w.leader = api.LeaderInfo{}
	if got, ok := w.get("/v1/status").header[http.CanonicalHeaderKey(api.LeaderHeader)]; !ok || got[0] != "" {
		t.Errorf("without a leader: %q %v", got, ok)
	}
	put := w.request("PUT", "/v1/endpoints/web", `{"value":"w"}`)
	if put.header.Get(api.IndexHeader) != strconv.FormatUint(w.index, 10) {
		t.Errorf("a write at %d: %v", w.index, put.header)
	}
}
