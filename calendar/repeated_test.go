package calendar_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/calendar"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// TestRepeated_At asks just before and just after each edge.
func TestRepeated_At(t *testing.T) {
	tests := map[string]struct {
		cron, zone string
		lasts      time.Duration
		// on is the stretch that is looked at.
		from, to string
	}{
		"every night":                         {"0 2 * * *", "", time.Hour, "2026-03-01T02:00:00Z", "2026-03-01T03:00:00Z"},
		"across midnight":                     {"30 23 * * SAT", "UTC", 2 * time.Hour, "2026-11-28T23:30:00Z", "2026-11-29T01:30:00Z"},
		"in a zone":                           {"0 2 * * *", "Europe/Paris", time.Hour, "2026-01-10T02:00:00+01:00", "2026-01-10T03:00:00+01:00"},
		"in the same zone in summer":          {"0 2 * * *", "Europe/Paris", time.Hour, "2026-07-10T02:00:00+02:00", "2026-07-10T03:00:00+02:00"},
		"east of it all":                      {"0 2 * * *", "Pacific/Kiritimati", time.Hour, "2026-07-10T02:00:00+14:00", "2026-07-10T03:00:00+14:00"},
		"the clocks leave the beginning out":  {"30 2 * * *", "Europe/Paris", time.Hour, "2026-03-29T03:30:00+02:00", "2026-03-29T04:30:00+02:00"},
		"the clocks leave the end out":        {"30 1 * * *", "Europe/Paris", time.Hour, "2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"},
		"the clocks show the beginning twice": {"30 2 * * *", "Europe/Paris", 30 * time.Minute, "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00"},
		"a long one when they do":             {"30 2 * * *", "Europe/Paris", 2 * time.Hour, "2026-10-25T02:30:00+02:00", "2026-10-25T03:30:00+01:00"},
		"twice, on the other side":            {"30 1 * * *", "America/New_York", time.Hour, "2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"},
		"half an hour is put forward":         {"15 2 * * *", "Australia/Lord_Howe", time.Hour, "2026-10-04T02:45:00+11:00", "2026-10-04T03:45:00+11:00"},
		"what they leave out is not in the way of what they show": {"*/50 2,3 * * *", "Europe/Paris", 5 * time.Minute, "2026-03-29T03:00:00+02:00", "2026-03-29T03:05:00+02:00"},
		"by its short name": {"@weekly", "", 24 * time.Hour, "2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z"},
		"two weeks":         {"0 0 1 * *", "", calendar.MaxDuration, "2026-11-01T00:00:00Z", "2026-11-15T00:00:00Z"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := calendar.Parse(test.cron, test.zone, test.lasts)
			if err != nil {
				t.Fatal(err)
			}
			want := calendar.Span{From: at(t, test.from), To: at(t, test.to)}
			for _, moment := range []time.Time{want.From, want.From.Add(time.Second), want.To.Add(-1)} {
				got, on := r.At(moment)
				if !on || !got.From.Equal(want.From) || !got.To.Equal(want.To) {
					t.Errorf("At(%v) = %v, %v, want %v", moment, got, on, want)
				}
			}
			for _, moment := range []time.Time{want.From.Add(-1), want.To} {
				if got, on := r.At(moment); on {
					t.Errorf("At(%v) = %v, and it is not on", moment, got)
				}
			}
			if got, ok := r.Next(want.From.Add(-1)); !ok || !got.From.Equal(want.From) || !got.To.Equal(want.To) {
				t.Errorf("Next before it = %v, %v, want %v", got, ok, want)
			}
			if got, ok := r.Next(want.From); !ok || !got.From.After(want.From) {
				t.Errorf("Next at its beginning = %v, %v", got, ok)
			}
		})
	}
}

func TestParse_SaysWhatIsWrong(t *testing.T) {
	tests := map[string]struct {
		cron, zone string
		lasts      time.Duration
		want       string
	}{
		"nothing":                {"", "", time.Hour, "has 0 bytes"},
		"too few fields":         {"0 2", "", time.Hour, "like \"30 2 * * SUN\""},
		"seconds":                {"0 0 2 * * *", "", time.Hour, "like \"30 2 * * SUN\""},
		"no hour":                {"0 25 * * *", "", time.Hour, "can't be read"},
		"a zone in it":           {"TZ=UTC 0 2 * * *", "", time.Hour, "give the zone by itself"},
		"every so often":         {"@every 5m", "", time.Minute, "not from when on"},
		"the 30th of February":   {"0 0 30 2 *", "", time.Hour, "never comes true"},
		"no zone":                {"0 2 * * *", "Mars/Olympus", time.Hour, "\"Mars/Olympus\" is not known"},
		"the zone of the node":   {"0 2 * * *", "Local", time.Hour, "another one on each node"},
		"a way out of the zones": {"0 2 * * *", "../../etc/passwd", time.Hour, "is not known"},
		"no time":                {"0 2 * * *", "", 0, "not between 1m"},
		"for ever":               {"0 2 * * *", "", 1000 * time.Hour, "not between 1m"},
		"always on":              {"0 * * * *", "", 2 * time.Hour, "longer than the 1h0m0s"},
		"sometimes on twice":     {"0 1,2,22 * * *", "", 3 * time.Hour, "longer than the 1h0m0s"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := calendar.Parse(test.cron, test.zone, test.lasts)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Parse = %v, want %q in it", err, test.want)
			}
		})
	}
}

// TestRepeated_NextLeadsToAt: what Next promises is what At then says, and
// nothing is on in between.
func TestRepeated_NextLeadsToAt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{"", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"}).Draw(t, "zone")
		cron := rapid.SampledFrom([]string{"30 2 * * *", "*/7 1-3 * * *", "0 0 29 2 *", "15 1 * 3,10,11 SUN", "@hourly"}).Draw(t, "cron")
		r, err := calendar.Parse(cron, zone, time.Duration(rapid.IntRange(1, 4).Draw(t, "minutes"))*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		moment := time.Unix(rapid.Int64Range(1.7e9, 1.9e9).Draw(t, "moment"), 0)
		next, ok := r.Next(moment)
		if !ok || !next.From.After(moment) {
			t.Fatalf("Next(%v) = %v, %v", moment, next, ok)
		}
		if got, on := r.At(next.From); !on || got != next {
			t.Fatalf("At(%v) = %v, %v, want %v", next.From, got, on, next)
		}
		between := moment.Add(time.Duration(rapid.Int64Range(0, int64(next.From.Sub(moment))-1).Draw(t, "between")))
		if got, on := r.At(between); on && got.From.After(moment) {
			t.Fatalf("At(%v) = %v, and Next(%v) = %v", between, got, moment, next)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("30 2 * * SUN", "Europe/Paris", int64(time.Hour))
	f.Add("@every 1s", "Local", int64(-1))
	f.Fuzz(func(t *testing.T, cron, zone string, lasts int64) {
		r, err := calendar.Parse(cron, zone, time.Duration(lasts))
		if err != nil {
			return
		}
		if next, ok := r.Next(time.Unix(1.8e9, 0)); ok && next.To.Sub(next.From) != time.Duration(lasts) {
			t.Errorf("Next = %v", next)
		}
	})
}
