package verify

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/fsm"
)

func TestPause_StaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := fsm.DefaultSettings()
		s.Interval = fsm.Duration(rapid.Int64Range(int64(10*time.Millisecond), int64(24*time.Hour)).Draw(t, "interval"))
		s.RetryInterval = fsm.Duration(rapid.OneOf(rapid.Just(int64(0)),
			rapid.Int64Range(int64(10*time.Millisecond), int64(time.Hour))).Draw(t, "retry"))
		chance := rapid.Float64Range(0, 0.9999999).Draw(t, "chance")

		within := func(what string, got, longest time.Duration) {
			if got > longest || float64(got) < 0.9*float64(longest)-1 {
				t.Errorf("%s: %v, want 0.9 to 1.0 times %v", what, got, longest)
			}
		}
		within("pause", pause(s, false, chance), time.Duration(s.Interval))
		within("pause after a sample that disagrees", pause(s, true, chance), s.Retry())
		if d := firstDelay(s, chance); d < 0 || d > time.Second || d > s.Retry() {
			t.Errorf("first check after %v, want at most 1s and the retry interval %v", d, s.Retry())
		}
	})
}
