package clustertest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tocsin/api"
	"tocsin/clustertest"
)

// caller asks one process of a node, as somebody does over HTTP. Its network is
// no network: nothing of the bubble is left.
type caller struct {
	t       *testing.T
	handler http.Handler
}

func callerOf(t *testing.T, c *clustertest.Cluster, node string) caller {
	t.Helper()
	return caller{t, c.Node(node).Handler()}
}

func (c caller) ask(method, target string) *httptest.ResponseRecorder {
	c.t.Helper()
	recorder := httptest.NewRecorder()
	c.handler.ServeHTTP(recorder, httptest.NewRequestWithContext(c.t.Context(), method, target, http.NoBody))
	return recorder
}

func (c caller) get(target string) *httptest.ResponseRecorder {
	c.t.Helper()
	return c.ask(http.MethodGet, target)
}

// wantBehind fails the test unless the node says that it does not know yet, in
// these words.
func (c caller) wantBehind(target string, words ...string) {
	c.t.Helper()
	answer := c.get(target)
	p := answerOf[api.Problem](c.t, answer, http.StatusServiceUnavailable)
	if p.Code != api.CodeBehind {
		c.t.Fatalf("GET %s: %s %s", target, p.Code, p.Detail)
	}
	for _, word := range words {
		if !strings.Contains(p.Detail, word) {
			c.t.Errorf("GET %s does not say %q: %s", target, word, p.Detail)
		}
	}
}

// answerOf returns the body of an answer with that status.
func answerOf[T any](t *testing.T, answer *httptest.ResponseRecorder, status int) (into T) {
	t.Helper()
	if answer.Code != status {
		t.Fatalf("answered %d: %s", answer.Code, answer.Body)
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &into); err != nil {
		t.Fatalf("the answer can't be read: %v: %s", err, answer.Body)
	}
	return into
}
