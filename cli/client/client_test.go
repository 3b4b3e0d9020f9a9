package client

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/api"
	"tocsin/config"
)

// answers is a transport that gives one answer after another, the last one for
// ever. The answer "hung up" is none, nor is "refused", where even the
// connection is not made; "still" is a node that never answers.
type answers struct {
	codes []string // "200", or a status and a code: "503 no-leader"
	tries int
	// status is answered to who asks for /v1/status, if it is not "".
	status string
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/v1/status" && a.status != "" {
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(a.status)), Request: r}, nil
	}
	text := a.codes[min(a.tries, len(a.codes)-1)]
	a.tries++
	switch text {
	case "hung up":
		return nil, io.EOF
	case "still":
		<-r.Context().Done()
		return nil, r.Context().Err()
	case "refused":
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	var status int
	var code string
	if n, err := fmt.Sscan(text, &status, &code); n < 1 {
		return nil, err
	}
	body := fmt.Sprintf(`{"detail":"this is %s","code":%q}`, text, code)
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// run executes a command whose client asks a.
func (a *answers) run(t *testing.T, method string, addresses ...string) (words string, took time.Duration, err error) {
	t.Helper()
	var said bytes.Buffer
	if len(addresses) == 0 {
		addresses = []string{"n:1"}
	}
	c := &Client{say: func(sentence string) { fmt.Fprintln(&said, sentence) }, Addresses: addresses, http: &http.Client{Transport: a}}
	started := time.Now()
	_, err = c.Ask(t.Context(), Request{Method: method, Path: "/"})
	return said.String(), time.Since(started), err
}

func TestClient_WaitsForALeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &answers{codes: []string{"503 no-leader", "503 no-leader", "503 uncertain", "200"}}
		words, took, err := a.run(t, http.MethodPut)
		want := "n:1 knows no leader at the moment, trying again\nn:1 lost the leader half-way, trying again\n"
		if err != nil || words != want || took != 3*pause {
			t.Errorf("after %v: %v, %q", took, err, words)
		}
	})
}

func TestClient_DoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &answers{codes: []string{"503 no-leader"}}
		_, took, err := a.run(t, http.MethodGet)
		if err == nil || !strings.Contains(err.Error(), "this is 503") || took < patience || took > patience+2*pause {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

// TestClient_SaysWhatIsMissing where a write is given up for want of a leader, and
// whether it may have been done.
func TestClient_SaysWhatIsMissing(t *testing.T) {
	const status = `{"cluster":{"id":"C","node":"n1","quorum":2,"sites":1,"observers":[
		{"node":"n1","voter":true,"fresh":true},{"node":"n2","voter":true},{"node":"n3","voter":true}]}}`
	const missing = "Nothing can be committed: 1 of 3 voters are heard, and a majority is 2. Bring back n2 and n3; what to do"
	for first, want := range map[string]string{
		"503 no-leader": "nothing was done, for there is no leader. " + missing,
		"503 uncertain": "it may or may not have been done: the leader was lost in the middle of it, and there is none now; repeat it when there is one, which is safe. " + missing,
	} {
		synctest.Test(t, func(t *testing.T) {
			a := &answers{codes: []string{first, "503 no-leader"}, status: status}
			_, took, err := a.run(t, http.MethodPut)
			if err == nil || !strings.HasPrefix(err.Error(), want) || took > patience+2*pause {
				t.Errorf("%s: after %v: %v", first, took, err)
			}
		})
	}
}

func TestClient_OtherErrorsAreFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, code := range []string{"400 invalid", "404 not-found", "409 conflict", "500", "421 not-leader"} {
			a := &answers{codes: []string{code}}
			if _, took, err := a.run(t, http.MethodPut); err == nil || took != 0 || a.tries != 1 {
				t.Errorf("%s: %d tries in %v, %v", code, a.tries, took, err)
			}
		}
	})
}

// TestDel_ThatTheFirstTryHasDone holds that a deletion whose answer was lost is
// not called a failure because the key is gone at the second try.
func TestDel_ThatTheFirstTryHasDone(t *testing.T) {
	for _, c := range []struct {
		nodes int
		codes string
		fails bool
	}{
		{1, "503 uncertain, 404 not-found", false},
		{1, "503 no-leader, 404 not-found", true},
		// The second node is asked at once.
		{2, "hung up, 404 not-found", false},
		{2, "refused, 404 not-found", true},
		{2, "503 uncertain, 404 not-found", false},
		{2, "503 no-leader, 404 not-found", true},
		{2, "hung up, 503 no-leader, refused, 404 not-found", false},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := &answers{codes: strings.Split(c.codes, ", ")}
			_, _, err := a.run(t, http.MethodDelete, []string{"n:1", "n:2"}[:c.nodes]...)
			if fails := !AlreadyDone(err); fails != c.fails || a.tries != len(a.codes) {
				t.Errorf("%d nodes, %s: %v after %d tries", c.nodes, c.codes, err, a.tries)
			}
		})
	}
}

func TestClient_Addresses(t *testing.T) {
	t.Setenv("HOME", t.TempDir()) // no client file
	for given, want := range map[string]string{
		"": DefaultAddress, "h:1": "h:1", "http://h:1/": "h:1", "h:1, [::1]:2,": "h:1 [::1]:2",
		"h": "", "h:": "", "https://h:1/": "https://h:1", "ftp://h:1": "", "h:1/x": "", "u@h:1": "",
	} {
		var addresses []string
		if err := config.List(&addresses).Set(given); err != nil {
			t.Fatal(err)
		}
		nodes, err := New(Options{Addresses: addresses})
		switch {
		case want == "" && err == nil:
			t.Errorf("%q was taken for %q", given, nodes.Addresses)
		case want != "" && (err != nil || strings.Join(nodes.Addresses, " ") != want):
			t.Errorf("%q: %v", given, err)
		}
	}
}

// TestProblem_IsToldInItsOwnWords holds that what the node says is what the
// person reads.
func TestProblem_IsToldInItsOwnWords(t *testing.T) {
	no := Refused{Status: 409, address: "n:1", Problem: api.Problem{Detail: "it is already so"}}
	if no.Error() != "it is already so" {
		t.Errorf("got %q", no.Error())
	}
}

func TestClient_ANodeThatStandsStillKeepsNoReadForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &answers{codes: []string{"still", "200"}}
		words, took, err := a.run(t, http.MethodGet, "n:1", "n:2")
		if want := "n:1: no answer in time, asking the next one\n"; err != nil || words != want || took != readPatience {
			t.Errorf("after %v: %v, %q", took, err, words)
		}
	})
}
