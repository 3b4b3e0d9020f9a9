package quorum

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The alarms ring as those of a plain map do: each slot once, the earliest
// first, none before its time.
func TestAlarms_AgreeWithAMap(t *testing.T) {
	start := time.Now()
	rapid.Check(t, func(t *rapid.T) {
		alarms, twin := newAlarms(), map[uint32]time.Time{}
		slots := rapid.Uint32Range(0, 7)
		when := rapid.Custom(func(t *rapid.T) time.Time {
			return start.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "seconds")) * time.Second)
		})
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				slot, at := slots.Draw(t, "slot"), when.Draw(t, "at")
				old, had := twin[slot]
				if got, want := alarms.set(slot, at), !had || !old.Equal(at); got != want {
					t.Fatalf("set says that it is news: %v, want %v", got, want)
				}
				twin[slot] = at
			},
			"clear": func(t *rapid.T) {
				slot := slots.Draw(t, "slot")
				alarms.clear(slot)
				delete(twin, slot)
			},
			"pop": func(t *rapid.T) {
				now := when.Draw(t, "now")
				slot, rang := alarms.pop(now)
				at, set := twin[slot]
				if rang && (!set || at.After(now)) {
					t.Fatalf("the alarm of slot %d rang at %v, want %v (%v)", slot, now, at, set)
				}
				if rang {
					delete(twin, slot)
				}
				for other, due := range twin {
					if rang && due.Before(at) || !rang && !due.After(now) {
						t.Fatalf("the alarm of slot %d should have rung first", other)
					}
				}
			},
			"": func(t *rapid.T) {
				first, ok := alarms.next()
				if ok != (len(twin) > 0) {
					t.Fatalf("there is an alarm: %v, want %d", ok, len(twin))
				}
				for slot, at := range twin {
					if at.Before(first) {
						t.Fatalf("the first alarm rings at %v, and that of slot %d at %v", first, slot, at)
					}
				}
			},
		})
	})
}
