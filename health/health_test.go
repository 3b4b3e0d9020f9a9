package health_test

import (
	"encoding/json"
	"testing"

	"tocsin/health"
)

func TestStatus_JSONRoundTrip(t *testing.T) {
	for _, s := range []health.Status{health.Unknown, health.Up, health.Down} {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if want := `"` + s.String() + `"`; string(b) != want {
			t.Errorf("Marshal(%v) = %s, want %s", s, b, want)
		}
		var back health.Status
		if err := json.Unmarshal(b, &back); err != nil || back != s {
			t.Errorf("Unmarshal(%s) = %v, %v", b, back, err)
		}
	}
}

func TestStatus_RefusesOtherWords(t *testing.T) {
	for _, word := range []string{"", "up", "Up", "OK", "UP ", "1"} {
		if s, err := health.Parse(word); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", word, s)
		}
	}
	if b, err := json.Marshal(health.Status(3)); err == nil {
		t.Errorf("Marshal(3) = %s, want an error", b)
	}
}
