package config_test

import (
	"strings"
	"testing"
	"time"

	"tocsin/config"
	"tocsin/fsm"
)

// TestSeconds_IsADurationOrANumberOfSeconds, and never another duration than
// what was written.
func TestSeconds_IsADurationOrANumberOfSeconds(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "60": time.Minute, "007": 7 * time.Second, "1m": time.Minute, "500ms": 500 * time.Millisecond,
		"9223372036": 9223372036 * time.Second,
	} {
		var d fsm.Duration
		if err := config.Seconds(&d, "duration").Set(text); err != nil || time.Duration(d) != want {
			t.Errorf("%q: got %v, %v, want %v", text, time.Duration(d), err, want)
		}
	}
	for text, says := range map[string]string{
		"": "not like", "x": "not like", "-5": "not like", "1.5": "not like", "3000000h": "not like",
		"9223372037": "more than", "18446744074": "more than", "99999999999999999999999": "more than",
	} {
		d := fsm.Duration(time.Second)
		err := config.Seconds(&d, "duration").Set(text)
		if err == nil || !strings.Contains(err.Error(), says) || d != fsm.Duration(time.Second) {
			t.Errorf("%q: got %v, %v, want that it is refused", text, time.Duration(d), err)
		}
	}
}
