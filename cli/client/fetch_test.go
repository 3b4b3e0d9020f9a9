package client

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tocsin/api"
)

// page is one answer of a node that lists endpoints; without a body it is 503.
type page struct{ index, body string }

// pages returns a node that gives one page after another, the last one for ever,
// and how often it was asked.
func pages(t *testing.T, all ...page) (address string, asked *int) {
	t.Helper()
	asked = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/endpoints" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		p := all[min(*asked, len(all)-1)]
		*asked++
		w.Header().Set(api.IndexHeader, p.index)
		if p.body == "" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, p.body)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), asked
}

func fetchAll(t *testing.T, addresses ...string) (string, error) {
	t.Helper()
	c, err := New(Options{Addresses: addresses, Say: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := FetchAll(t.Context(), c, "/v1/endpoints", nil)
	return string(raw), err
}

// TestFetchAll: all pages are of one node, and what two tell that know different
// things is not put together.
func TestFetchAll(t *testing.T) {
	first, second := page{"7", `{"endpoints":[1],"next":"a"}`}, page{"8", `{"endpoints":[2]}`}
	old := page{"5", `{"endpoints":[3]}`}

	none, _ := pages(t, page{"7", `{"endpoints":null}`})
	if got, err := fetchAll(t, none); err != nil || got != `{"endpoints":[]}` {
		t.Errorf("none: %s, %v", got, err)
	}
	busy, busyAsked := pages(t, page{}, old)
	good, goodAsked := pages(t, first, second)
	if got, err := fetchAll(t, busy, good); err != nil || got != `{"endpoints":[1,2]}` || *busyAsked != 1 || *goodAsked != 2 {
		t.Errorf("two pages: %s, %v, asked %d and %d times", got, err, *busyAsked, *goodAsked)
	}
	ends, _ := pages(t, first, page{})
	behind, _ := pages(t, old)
	if got, err := fetchAll(t, ends, behind); err != nil || got != `{"endpoints":[3]}` {
		t.Errorf("a page of a node that is behind: %s, %v", got, err)
	}
	swings, _ := pages(t, first, old, first, old, first, old)
	if got, err := fetchAll(t, swings); err == nil || !strings.Contains(err.Error(), "name one with --address") {
		t.Errorf("no end: %s, %v", got, err)
	}
}
