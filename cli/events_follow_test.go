package cli_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"tocsin/cli"
)

// streamer answers each request for the stream with the next text, and then with
// a refusal that ends the command.
func streamer(t *testing.T, texts ...string) (address string, asked func() []string) {
	t.Helper()
	var mu sync.Mutex // guards ids
	var ids []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, r.URL.Path+" "+r.Header.Get("Last-Event-ID"))
		if len(ids) > len(texts) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"detail":"enough"}`)
			return
		}
		fmt.Fprint(w, texts[len(ids)-1])
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return ids
	}
}

const aliveMark = ": alive\nid: 40\n\n"

func stateMessage(id int, key, from, to string) string {
	return fmt.Sprintf("event: state\nid: %d\ndata: {\"id\":%d,\"key\":%q,\"from\":%q,\"to\":%q,\"votes\":[{\"node\":\"n1\",\"verdict\":%q,\"reason\":\"refused\"}]}\n\n", id, id, key, from, to, to)
}

func TestEvents_FollowGoesOnElsewhere(t *testing.T) {
	one, askedOne := streamer(t, aliveMark+stateMessage(42, "db", "UP", "DOWN"), "")
	two, askedTwo := streamer(t, "event: outcome\nid: 43\ndata: {}\n\nevent: resync\nid: 50\ndata: {\"reason\":\"too old\",\"events\":true}\n\nevent: resync\nid: 50\ndata: {\"reason\":\"settings\",\"events\":false}\n\n"+stateMessage(51, "web", "DOWN", "UP"))
	var stdout, stderr bytes.Buffer
	code := cli.Main([]string{"events", "--follow", "--address", "127.0.0.1:1," + one + "," + two}, &stdout, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "enough") {
		t.Errorf("ended with %d %q", code, &stderr)
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "42") || !strings.Contains(lines[0], "UP→DOWN") || !strings.Contains(lines[0], "refused") ||
		!strings.Contains(lines[1], "51") || !strings.Contains(lines[1], "DOWN→UP") {
		t.Errorf("showed\n%s", &stdout)
	}
	if strings.Count(stderr.String(), "may be missing") != 1 || !strings.Contains(stderr.String(), "may be missing here (too old)") || !strings.Contains(stderr.String(), "going on at "+two) {
		t.Errorf("said\n%s", &stderr)
	}
	if got := fmt.Sprint(askedOne(), askedTwo()); got != "[/v1/stream  /v1/stream 51] [/v1/stream 42 /v1/stream 51]" {
		t.Errorf("asked %s", got)
	}
}

func TestEvents_FollowShowsWhatWasAskedFor(t *testing.T) {
	address, asked := streamer(t, stateMessage(42, "db", "UP", "DOWN")+stateMessage(43, "web", "UP", "DOWN"))
	var stdout, stderr bytes.Buffer
	cli.Main([]string{"events", "-f", "--key", "web", "--after", "7", "-o", "json", "--address", address}, &stdout, &stderr)
	if got := stdout.String(); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, `{"id":43,`) {
		t.Errorf("showed %q", got)
	}
	if got := fmt.Sprint(asked()); got != "[/v1/stream 7 /v1/stream 43]" {
		t.Errorf("asked %s", got)
	}
}

func TestEvents_FollowAsYAML(t *testing.T) {
	address, _ := streamer(t, stateMessage(42, "db", "UP", "DOWN")+stateMessage(43, "web", "UP", "DOWN"))
	var stdout, stderr bytes.Buffer
	cli.Main([]string{"events", "-f", "-o", "yaml", "--address", address}, &stdout, &stderr)
	if got := stdout.String(); strings.Count(got, "---\n") != 2 || !strings.Contains(got, "\nkey: web\n") {
		t.Errorf("showed %q", got)
	}
}
