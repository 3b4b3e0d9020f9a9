package server_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"tocsin/api"
)

// timed is an answer that notes until when the request may be read and the answer
// written.
type timed struct {
	*httptest.ResponseRecorder
	read, write time.Time
}

func (w *timed) SetReadDeadline(t time.Time) error  { w.read = t; return nil }
func (w *timed) SetWriteDeadline(t time.Time) error { w.write = t; return nil }

// sendBody sends a body as it comes in.
func (w *world) sendBody(method, target string, body io.Reader, into http.ResponseWriter) {
	r := httptest.NewRequest(method, target, body)
	r.Header.Set("Content-Type", "application/json")
	if target == "/v1/peer/propose" {
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	w.handler().ServeHTTP(into, r)
}

// TestBodies_ThatDoNotComeInWholeAreNoFaultOfWhatIsInThem, nor of the node.
func TestBodies_ThatDoNotComeInWholeAreNoFaultOfWhatIsInThem(t *testing.T) {
	w := newWorld(t)
	began := map[string]string{
		"PUT /v1/endpoints/web":      `{"value":"v"`,
		"PATCH /v1/endpoints/web":    `{"value":"v"}`, // all of it, and still not its end
		"POST /v1/endpoints:apply":   `{"endpoints":[`,
		"PUT /v1/snapshot":           `{"format":"tocsin-backup"`,
		"POST /v1/peer/register":     `{"node":`,
		"POST /v1/peer/propose":      `x`,
		"PUT /v1/settings":           ``,
		"POST /v1/pause":             `{"reason":"a`,
		"PUT /v1/maintenance/weekly": `{`,
	}
	for _, broken := range []struct {
		by   error
		says string
	}{
		{os.ErrDeadlineExceeded, "in the time that a request has"},
		{io.ErrUnexpectedEOF, "broke off"},
		{errors.New("connection reset by peer"), "broke off"},
	} {
		for route, body := range began {
			method, target, _ := strings.Cut(route, " ")
			into := httptest.NewRecorder()
			w.sendBody(method, target, io.MultiReader(strings.NewReader(body), iotest.ErrReader(broken.by)), into)
			var p api.Problem
			if err := json.Unmarshal(into.Body.Bytes(), &p); err != nil || into.Code != http.StatusRequestTimeout || p.Code != api.CodeIncomplete || !strings.Contains(p.Detail, broken.says) || into.Header().Get("Connection") != "close" {
				t.Errorf("%s, %v: %d %s, Connection %q", route, broken.by, into.Code, into.Body, into.Header().Get("Connection"))
			}
		}
	}
	if w.View().EndpointCount() != 0 {
		t.Error("something was done")
	}
}

// TestSnapshot_HasTimeOfItsOwnToComeIn, and what follows it has time anew.
func TestSnapshot_HasTimeOfItsOwnToComeIn(t *testing.T) {
	w := newWorld(t)
	into := &timed{ResponseRecorder: httptest.NewRecorder()}
	body := strings.NewReader(w.get("/v1/snapshot").body)
	var while time.Time
	looks := readerFunc(func(p []byte) (int, error) {
		while = into.read
		return body.Read(p)
	})
	w.sendBody("PUT", "/v1/snapshot", looks, into)
	if into.Code != http.StatusOK {
		t.Fatalf("%d %s", into.Code, into.Body)
	}
	if left := time.Until(while); left < 4*time.Minute || left > 6*time.Minute {
		t.Errorf("the body has %v to come in", left)
	}
	if left := time.Until(into.write); !into.read.IsZero() || left < 30*time.Second || left > 2*time.Minute {
		t.Errorf("the answer has %v, and reading ends at %v", left, into.read)
	}
}

// TestSnapshot_TakesTwoAtOnce: each is in memory as a whole.
func TestSnapshot_TakesTwoAtOnce(t *testing.T) {
	w := newWorld(t)
	handler := w.handler()
	put := func(body io.Reader) int {
		into := httptest.NewRecorder()
		handler.ServeHTTP(into, httptest.NewRequest("PUT", "/v1/snapshot", body))
		return into.Code
	}
	begun, ended := make(chan struct{}), make(chan int)
	more := make(chan struct{})
	for range 2 {
		go func() {
			first := true
			ended <- put(readerFunc(func([]byte) (int, error) {
				if first {
					first = false
					begun <- struct{}{}
				}
				<-more
				return 0, io.EOF
			}))
		}()
		<-begun
	}
	if code := put(strings.NewReader("{}")); code != http.StatusServiceUnavailable {
		t.Errorf("a third is answered %d", code)
	}
	close(more)
	for range 2 {
		if code := <-ended; code != http.StatusBadRequest {
			t.Errorf("one that is empty is answered %d", code)
		}
	}
	if code := put(strings.NewReader("{}")); code != http.StatusBadRequest {
		t.Errorf("when they are through the next is answered %d", code)
	}
}

// readerFunc is a body that comes in as a function says.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
