package verify

import (
	"testing"

	"pgregory.net/rapid"

	"tocsin/health"
)

// statuses reads a row of samples: u is UP, d is DOWN, ? is UNKNOWN.
func statuses(t *testing.T, row string) []health.Status {
	t.Helper()
	var all []health.Status
	for _, letter := range row {
		switch letter {
		case 'u':
			all = append(all, health.Up)
		case 'd':
			all = append(all, health.Down)
		case '?':
			all = append(all, health.Unknown)
		default:
			t.Fatalf("%q is not a row of samples", row)
		}
	}
	return all
}

func TestAdvance(t *testing.T) {
	tests := []struct {
		name       string
		rise, fall int
		samples    string
		verdicts   string // after each sample
	}{
		{"nothing seen", 2, 3, "", ""},
		{"rise", 2, 3, "uuu", "?uu"},
		{"fall", 2, 3, "dddd", "??dd"},
		{"rise of one", 1, 1, "udu", "udu"},
		{"one bad sample changes nothing", 2, 3, "uuduu", "?uuuu"},
		{"a row broken starts again", 2, 3, "uuddudddu", "?uuuuuudd"},
		{"a row broken by unknown starts again", 2, 3, "uudd?ddd", "?uuuuuud"},
		{"unknown needs fall as well", 2, 3, "uu???", "?uuu?"},
		{"unknown less than fall", 2, 3, "uu??u??u", "?uuuuuuu"},
		{"down to up", 2, 3, "ddduu", "??ddu"},
		{"down to unknown to down", 2, 3, "ddd???ddd", "??ddd???d"},
		{"fall below rise", 3, 1, "uuuduuu", "??uddd" + "u"},
		{"alternating forever", 2, 2, "udududud", "????????"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := statuses(t, tt.verdicts)
			var now tracker
			for i, s := range statuses(t, tt.samples) {
				now = advance(now, Sample{Status: s}, tt.rise, tt.fall)
				if now.verdict != want[i] {
					t.Fatalf("after %q the verdict is %v, want %v", tt.samples[:i+1], now.verdict, want[i])
				}
				if disagrees := s != want[i]; now.disagrees() != disagrees {
					t.Errorf("after %q disagrees() = %v, want %v", tt.samples[:i+1], now.disagrees(), disagrees)
				}
			}
		})
	}
}

func TestAdvance_KeepsTheReasonThatSettled(t *testing.T) {
	var now tracker
	for _, s := range []Sample{
		{Status: health.Down, Reason: "first"},
		{Status: health.Down, Reason: "second"},
		{Status: health.Down, Reason: "third"},
		{Status: health.Up, Reason: "a lucky one"},
	} {
		now = advance(now, s, 2, 2)
	}
	if now.verdict != health.Down || now.reason != "second" {
		t.Errorf("verdict %v because of %q, want DOWN because of \"second\"", now.verdict, now.reason)
	}
}

// An endpoint about which nothing can be found out says so once, with the
// reason, though its verdict was UNKNOWN all the time.
func TestAdvance_TellsAnUnknownThatWasFound(t *testing.T) {
	var now tracker
	var told []int
	for i := range 10 {
		next := advance(now, Sample{Status: health.Unknown, Reason: "no script"}, 2, 3)
		if next.tells(now) {
			told = append(told, i)
		}
		now = next
	}
	if len(told) != 1 || told[0] != 2 {
		t.Errorf("told after samples %v, want only after the third (2)", told)
	}
	if now.reason != "no script" {
		t.Errorf("the reason is %q", now.reason)
	}
}

// slowVerdict looks at the whole history: the verdict is what the newest
// complete row of equal samples says.
func slowVerdict(history []health.Status, rise, fall []int) health.Status {
	for end := len(history); end > 0; end-- {
		status := history[end-1]
		need := fall[end-1]
		if status == health.Up {
			need = rise[end-1]
		}
		if end < need {
			continue
		}
		row := true
		for _, s := range history[end-need : end] {
			row = row && s == status
		}
		if row {
			return status
		}
	}
	return health.Unknown
}

func TestAdvance_AgreesWithItsSlowTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			now        tracker
			history    []health.Status
			rise, fall []int
		)
		// Long rows are rare in random samples, so draw them as rows. The
		// settings may change at any time.
		for range rapid.IntRange(1, 30).Draw(t, "rows") {
			status := health.Status(rapid.IntRange(0, 2).Draw(t, "status"))
			r, f := rapid.IntRange(1, 4).Draw(t, "rise"), rapid.IntRange(1, 4).Draw(t, "fall")
			for range rapid.IntRange(1, 5).Draw(t, "length") {
				history, rise, fall = append(history, status), append(rise, r), append(fall, f)
				now = advance(now, Sample{Status: status}, r, f)
				if want := slowVerdict(history, rise, fall); now.verdict != want {
					t.Fatalf("after %v the verdict is %v, want %v", history, now.verdict, want)
				}
			}
		}
	})
}
