package connlimit_test

import (
	"testing"

	"pgregory.net/rapid"

	"tocsin/connlimit"
)

func TestTally(t *testing.T) {
	tally := connlimit.NewTally(connlimit.Limits{All: 3, FromOne: 2})
	for i, step := range []struct {
		from string
		want bool
	}{{"a", true}, {"a", true}, {"a", false}, {"b", true}, {"b", false}, {"c", false}} {
		if got := tally.Enter(step.from); got != step.want {
			t.Errorf("%d, from %s: %v", i, step.from, got)
		}
	}
	tally.Leave("a")
	if !tally.Enter("c") {
		t.Error("there is no room after one has left")
	}
}

// TestTally_AgreesWithItsSlowTwin, that counts a list anew each time.
func TestTally_AgreesWithItsSlowTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := connlimit.Limits{All: rapid.IntRange(0, 6).Draw(t, "all"), FromOne: rapid.IntRange(0, 4).Draw(t, "from one")}
		tally := connlimit.NewTally(limits)
		var inside []string
		for range 40 {
			if len(inside) > 0 && rapid.Bool().Draw(t, "leave") {
				i := rapid.IntRange(0, len(inside)-1).Draw(t, "who")
				tally.Leave(inside[i])
				inside = append(inside[:i], inside[i+1:]...)
				continue
			}
			from, same := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "from"), 0
			for _, other := range inside {
				if other == from {
					same++
				}
			}
			want := len(inside) < limits.All && same < limits.FromOne
			if got := tally.Enter(from); got != want {
				t.Fatalf("%s enters beside %v: %v, want %v", from, inside, got, want)
			}
			if want {
				inside = append(inside, from)
			}
		}
	})
}
