//go:build unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"tocsin/credentials"
	"tocsin/pki"
)

// maxRaw bounds what is kept of one answer, in bytes.
const maxRaw = 4 << 20

// rawAnswers asks a node for all that its OpenAPI document says can be read, and for
// what stands beside that, as an admin by certificate, and returns the answers with
// their headers. Each has to be one; of a stream what comes within moments is taken.
func rawAnswers(t *testing.T, address string, files pki.Files, key string) []byte {
	t.Helper()
	config, err := credentials.Client(files)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	t.Cleanup(client.CloseIdleConnections)
	var all bytes.Buffer
	ask := func(path string, may ...int) []byte {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatalf("GET %s: %v", path, err)
		}
		defer answer.Body.Close() // nothing is written by it: there is no error to miss
		if answer.Header.Get("Content-Type") == "text/event-stream" {
			time.AfterFunc(2*time.Second, cancel)
		}
		text, err := io.ReadAll(io.LimitReader(answer.Body, maxRaw))
		if err != nil && ctx.Err() == nil {
			t.Errorf("GET %s: %v", path, err)
		}
		if answer.StatusCode != http.StatusOK && !slices.Contains(may, answer.StatusCode) {
			t.Errorf("GET %s: %s: %.300s", path, answer.Status, text)
		}
		fmt.Fprintf(&all, "GET %s\n%s\n%v\n%s\n", path, answer.Status, answer.Header, text)
		return text
	}
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(ask("/openapi.json"), &document); err != nil {
		t.Fatal(err)
	}
	parameter := regexp.MustCompile(`\{[a-z]+\}`)
	asked := 0
	for path, operations := range document.Paths {
		if _, ok := operations["get"]; !ok {
			continue
		}
		asked++
		// The node has that endpoint, and perhaps nothing else of a name or number.
		ask(parameter.ReplaceAllString(path, key), http.StatusNotFound, http.StatusBadRequest)
	}
	if asked < 15 {
		t.Errorf("the document has no more than %d operations that read: this shows little", asked)
	}
	for _, path := range []string{
		"/livez", "/readyz", "/metrics", "/debug/pprof/goroutine?debug=2",
		"/get?key=" + key, "/status", "/detectordata", "/gossipstatus", "/leader", "/raftnodes", "/gossipnodes",
	} {
		ask(path)
	}
	return all.Bytes()
}
