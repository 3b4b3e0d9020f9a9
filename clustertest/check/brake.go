package check

import "tocsin/health"

// BrakeHolds checks that no decision makes more endpoints DOWN than the brake
// allows, however many fall at once; people may. Endpoints that are added and
// deleted are not decided about, and may make the share of those that are DOWN
// more than that. That what was held back is decided in time when there is room
// again is for InTime to say.
func BrakeHolds(h *History) []Violation {
	f := found{invariant: 21}
	for m, before := range h.standings() {
		if m.made == nil || m.made.Manual != nil || m.made.To != health.Down || !before.brakes() {
			continue
		}
		f.add(m.made.Key, "", m.At, "event %d makes %s the endpoint number %d of %d that is DOWN, and the brake allows %d%%",
			m.made.ID, m.made.Key, before.down()+1, len(before.endpoints), before.brake)
	}
	return f.all
}
