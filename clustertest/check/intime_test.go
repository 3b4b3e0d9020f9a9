package check_test

import (
	"testing"
	"time"

	"tocsin/clustertest/check"
	"tocsin/fsm"
	"tocsin/health"
)

// becomes appends an event of an endpoint that nothing is promised of.
func becomes(h *check.History, key string, to health.Status, at time.Duration) {
	e := *h.Events[0].Event
	e.ID, e.Key, e.To, e.Time = commit(h, at, fsm.Transition{Key: key}), key, to, epoch.Add(at)
	h.Events = append(h.Events, check.Event{Event: &e, At: at})
}

// depends lets db depend, by way of a switch, on a router that becomes so.
func depends(h *check.History, router health.Status, at time.Duration) {
	commit(h, at-second, fsm.SetEndpoint{Key: "router", Value: "r"})
	commit(h, at-second, fsm.SetEndpoint{Key: "switch", Value: "s", Parents: &[]string{"router", "gone"}})
	commit(h, at-second, fsm.SetEndpoint{Key: "db", Value: "db-1", Parents: &[]string{"switch"}})
	becomes(h, "router", router, at)
}

// TestInTime_CountsFromWhenTheChecksDecide: while a pause holds nothing is due,
// and what somebody has set by hand is to be changed back.
func TestInTime_CountsFromWhenTheChecksDecide(t *testing.T) {
	for _, test := range []struct {
		what  string
		spoil func(h *check.History)
		due   time.Duration // when what is missing was due, at the earliest; 0 if nothing was
	}{
		{"nothing holds", func(*check.History) {}, 61 * second},
		{"a pause for ever", func(h *check.History) { pause(h, "", 0) }, 0},
		{"a pause that ends", func(h *check.History) { pause(h, "d", 200*second) }, 201 * second},
		{"a pause that has ended before", func(h *check.History) { pause(h, "d", 50*second) }, 61 * second},
		{"a pause of another", func(h *check.History) { pause(h, "web", 0) }, 61 * second},
		{"somebody says UP in a pause and is not changed back after it", func(h *check.History) {
			pause(h, "", 100*second)
			e := *h.Events[0].Event
			e.Manual, e.Time = &fsm.Manual{Reason: "r"}, epoch.Add(90*second)
			h.Events = append(h.Events, check.Event{Event: &e, At: 90 * second})
		}, 101 * second},
		{"a pause that ends when all have seen it for long", func(h *check.History) { pause(h, "d", 200*second) }, 205 * second},
		{"a parent is DOWN", func(h *check.History) { depends(h, health.Down, 40*second) }, 0},
		{"a parent is UP", func(h *check.History) { depends(h, health.Up, 40*second) }, 61 * second},
		{"a parent is UP again", func(h *check.History) {
			depends(h, health.Down, 40*second)
			becomes(h, "router", health.Up, 200*second)
		}, 205 * second},
		{"a parent is deleted", func(h *check.History) {
			depends(h, health.Down, 40*second)
			commit(h, 200*second, fsm.DeleteEndpoint{Key: "router"})
		}, 205 * second},
		{"it depends on nothing any more", func(h *check.History) {
			depends(h, health.Down, 40*second)
			commit(h, 200*second, fsm.SetEndpoint{Key: "db", Value: "db-1", Parents: &[]string{}})
		}, 205 * second},
		{"that it depends on nothing any more was refused", func(h *check.History) {
			depends(h, health.Down, 40*second)
			commit(h, 200*second, fsm.SetEndpoint{Key: "db", Value: "db-1", Parents: &[]string{}})
			h.Log[len(h.Log)-1].Refused = map[int]bool{0: true}
		}, 0},
		{"the brake is at its end", func(h *check.History) { brake(h, 90) }, 0},
		{"the brake lets it", func(h *check.History) { brake(h, 100) }, 61 * second},
		{"the brake is taken off", func(h *check.History) {
			brake(h, 90)
			commit(h, 200*second, fsm.ChangeSettings{Settings: settings(0)})
		}, 205 * second},
		{"another endpoint comes, and the brake lets it", func(h *check.History) {
			brake(h, 50)
			commit(h, 200*second, fsm.SetEndpoint{Key: "web", Value: "web-1"})
		}, 205 * second},
	} {
		h := good()
		h.Events, h.Log = h.Events[:1], h.Log[:7] // that it is DOWN is not decided
		test.spoil(h)
		var due time.Duration
		for _, v := range check.InTime(h) {
			if v.Key == "db" && due == 0 {
				due = v.At
			}
		}
		if (due == 0) != (test.due == 0) || due < test.due || test.due > 0 && due > test.due+time.Minute {
			t.Errorf("%s: it was due at %v, want %v", test.what, due, test.due)
		}
	}
}
