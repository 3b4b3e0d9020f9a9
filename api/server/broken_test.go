package server_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/api/server"
	"tocsin/verify"
)

// samplesUntil breaks at one key.
type samplesUntil struct {
	key  string
	does func() []verify.Sample
}

func (s samplesUntil) Samples(key string) []verify.Sample {
	if key == s.key {
		return s.does()
	}
	return nil
}

// TestBrokenAnswers holds that an answer which breaks in the middle is no whole
// answer to the client, and one which breaks before it has begun is a 500.
func TestBrokenAnswers(t *testing.T) {
	w := newWorld(t)
	for i := range 2000 {
		w.set(fmt.Sprintf("key%04d-%s", i, strings.Repeat("x", 30)), "")
	}
	first, last := "key0000-"+strings.Repeat("x", 30), "key1999-"+strings.Repeat("x", 30)
	for name, does := range map[string]func() []verify.Sample{
		"a panic": func() []verify.Sample { panic("no such luck") },
		"a value that JSON has no form for": func() []verify.Sample {
			return []verify.Sample{{Time: time.Date(20_000, 1, 1, 0, 0, 0, 0, time.UTC)}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			get := func(key string) (*http.Response, string, error) {
				server := httptest.NewServer(server.New(server.Config{
					State: w, Writer: w, Samples: samplesUntil{key, does}, Scripts: w, Membership: w, Health: w, Peer: w, Freshness: w,
				}))
				defer server.Close()
				response, err := http.Get(server.URL + "/detectordata")
				if err != nil {
					t.Fatal(err)
				}
				defer response.Body.Close()
				body, err := io.ReadAll(response.Body)
				return response, string(body), err
			}
			if response, body, err := get(last); err == nil {
				t.Errorf("broken in the middle: %d and %d bytes that end with %.20q look whole", response.StatusCode, len(body), body[max(0, len(body)-20):])
			}
			response, body, err := get(first)
			if err != nil || response.StatusCode != http.StatusInternalServerError || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain") {
				t.Errorf("broken at the beginning: %d %v %q, %v", response.StatusCode, response.Header, body, err)
			}
		})
	}
}

// leaves is a client that leaves before it has read anything.
type leaves struct{ http.ResponseWriter }

func (leaves) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestBrokenAnswers_AClientThatLeavesIsNoFaultOfOurs: its request is dropped,
// and nothing is logged.
func TestBrokenAnswers_AClientThatLeavesIsNoFaultOfOurs(t *testing.T) {
	w := newWorld(t)
	var logged strings.Builder
	w.logger = slog.New(slog.NewTextHandler(&logged, nil))
	defer func() {
		if cause := recover(); cause != http.ErrAbortHandler || logged.Len() > 0 {
			t.Errorf("ended with %v, and logged %q", cause, logged.String())
		}
	}()
	w.handler().ServeHTTP(leaves{httptest.NewRecorder()}, httptest.NewRequest("GET", "/v1/status", nil))
}
