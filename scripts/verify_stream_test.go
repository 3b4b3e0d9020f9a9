package scripts_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/health"
	"tocsin/stream"
)

func httpStream(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("no python3 on this machine")
	}
	file, err := filepath.Abs("verify-http-stream")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestVerifyHTTPStream(t *testing.T) {
	file, url := httpStream(t), webServer(t)
	room := stream.New(nil, nil)
	defer room.Close()
	// The first check waits until Python has started.
	if _, err := room.Ask(t.Context(), file, stream.Question{Value: url + "/fine", Timeout: patience}); err != nil {
		t.Fatal(err)
	}
	var asking sync.WaitGroup
	defer asking.Wait()
	for range 5 { // side by side
		for _, test := range []struct {
			what, url string
			timeout   time.Duration
			status    health.Status
			reason    string
		}{
			{"healthy", url + "/fine", patience, health.Up, "HTTP 200"},
			{"redirect", url + "/moved", patience, health.Up, "HTTP 302"},
			{"odd characters", url + "/fine?a=[1-3]&b={x,y}", patience, health.Up, "HTTP 200"},
			{"missing", url + "/nowhere", patience, health.Down, "HTTP 404"},
			{"broken", url + "/broken", patience, health.Down, "HTTP 500"},
			{"refused", "http://" + freeAddress(t) + "/", patience, health.Down, "refused"},
			{"hanging", url + "/hanging", 15 * time.Second, health.Down, "no answer within 13."},
			{"no TLS", strings.Replace(url, "http", "https", 1) + "/", patience, health.Down, ""},
			{"no such name", "http://nowhere.invalid/", patience, health.Unknown, "can't be resolved"},
			{"no URL", "127.0.0.1:80", patience, health.Unknown, "no URL"},
			{"no port", "http://127.0.0.1:x/", patience, health.Unknown, "ort"},
		} {
			asking.Go(func() {
				a, err := room.Ask(t.Context(), file, stream.Question{Key: "k", Value: test.url, Timeout: test.timeout})
				if err != nil || a.Status != test.status || !strings.Contains(a.Reason, test.reason) {
					t.Errorf("%s: %+v, %v, want %v with %q", test.what, a, err, test.status, test.reason)
				}
			})
		}
	}
}

// It ends when it is asked to, and answers what it was asked before that.
func TestVerifyHTTPStream_Ends(t *testing.T) {
	trial := stream.Try(t.Context(), nil, httpStream(t), stream.Question{Value: webServer(t) + "/fine", Timeout: patience})
	if trial.Err != nil || trial.Answer.Status != health.Up {
		t.Errorf("%+v, %v", trial.Answer, trial.Err)
	}
	if r := trial.Ran; r == nil || r.ExitCode != 0 || r.Interrupted || r.Stdout != fmt.Sprintln(`{"id": 1, "status": "UP", "reason": "HTTP 200"}`) {
		t.Errorf("%+v, want it to end by itself", r)
	}
}
