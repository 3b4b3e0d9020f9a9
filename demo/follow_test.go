//go:build unix

package main

import (
	"testing"

	"tocsin/fsm"
	"tocsin/health"
)

func TestBrief(t *testing.T) {
	for _, test := range []struct {
		verdict health.Status
		reason  string
		want    string
	}{
		{health.Up, "answered 200 OK", ""},
		{health.Down, "dial tcp 127.0.0.1:1: connect: connection refused", ": connection refused"},
		{health.Down, "no answer within 1s", ": no answer within 1s"},
		{health.Down, "", ""},
	} {
		if got := brief(fsm.Vote{Verdict: test.verdict, Reason: test.reason}); got != test.want {
			t.Errorf("brief(%v, %q) = %q, want %q", test.verdict, test.reason, got, test.want)
		}
	}
}
