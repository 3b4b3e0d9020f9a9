package fsm_test

import (
	"encoding"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"tocsin/fsm"
)

func FuzzDuration_UnmarshalText(f *testing.F) {
	seed(f, "1.5s", "10s", "-2562047h47m16.854775808s", "0", "", "1d", "1d12h", "99999d", "99999d200000h", "1d-2h", "1h2d", "-1d", "9223372036854775807ns", "+5m")
	f.Fuzz(func(t *testing.T, text string) { roundTrip(t, text, new(fsm.Duration), new(fsm.Duration)) })
}

// TestDuration_InDays: a day has 24 hours, whatever the clocks do.
func TestDuration_InDays(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1d": 24 * time.Hour, "90d": 2160 * time.Hour, "1d12h30m": 36*time.Hour + 30*time.Minute, "0d": 0, "7d.5s": 168*time.Hour + 500*time.Millisecond,
	} {
		var d fsm.Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%s is %v, %v, want %v", text, d, err, want)
		}
	}
	for _, text := range []string{"d", "1d-2h", "1d+2h", "1h2d", "-1d", "1.5d", "1dd", "1d2", "99999d200000h", "100000d", "1 d"} {
		d := fsm.Duration(7)
		if err := d.UnmarshalText([]byte(text)); err == nil || d != 7 || !strings.Contains(err.Error(), "is not like 500ms, 10s, 2m or 1d") {
			t.Errorf("%q is %v, %v", text, d, err)
		}
	}
}

func FuzzQuorum_UnmarshalText(f *testing.F) {
	seed(f, "majority", "1", "3", "0", "-1", "+3", "Majority", "", "99999999999999999999")
	f.Fuzz(func(t *testing.T, text string) {
		q := roundTrip(t, text, new(fsm.Quorum), new(fsm.Quorum))
		for n := range 10 {
			if q.Of(n) <= n/2 {
				t.Errorf("quorum %q asks for %d of %d", text, q.Of(n), n)
			}
		}
	})
}

func FuzzSites_UnmarshalText(f *testing.F) {
	seed(f, "auto", "off", "1", "3", "0", "-1", "Auto", "")
	f.Fuzz(func(t *testing.T, text string) {
		s := roundTrip(t, text, new(fsm.Sites), new(fsm.Sites))
		for n := range 10 {
			if s.Of(n) < 1 {
				t.Errorf("sites %q asks for %d of %d", text, s.Of(n), n)
			}
		}
	})
}

func seed(f *testing.F, texts ...string) {
	for _, text := range texts {
		f.Add(text)
	}
}

// roundTrip checks that what was read is written in a form that reads the same,
// and that what was refused leaves the value alone and is named in the error.
func roundTrip[T comparable, P interface {
	*T
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}](t *testing.T, text string, first, second P,
) T {
	before := *first
	if err := first.UnmarshalText([]byte(text)); err != nil {
		if *first != before || len(err.Error()) > 1000 {
			t.Errorf("%q was refused and left %v behind: %v", text, *first, err)
		}
		return *first
	}
	written, err := first.MarshalText()
	if err != nil {
		t.Fatalf("%q was read as %v, which can't be written: %v", text, *first, err)
	}
	if err := second.UnmarshalText(written); err != nil || *second != *first {
		t.Fatalf("%q was read as %v and written as %q, which is read as %v, %v", text, *first, written, *second, err)
	}
	return *first
}

func FuzzValidateKey(f *testing.F) {
	seed(f, "db", "", "a/b c", "é", "a\x00", "a\u0085", "\xff", strings.Repeat("x", 512), strings.Repeat("x", 513))
	f.Fuzz(func(t *testing.T, key string) {
		if err := fsm.ValidateKey(key); err != nil {
			if text := err.Error(); strings.ContainsAny(text, "\x00\n\r") || len(text) > 200 || !strings.Contains(text, "key") {
				t.Errorf("error %q about %q", text, key)
			}
			return
		}
		// A valid key survives the log as it is.
		commands, err := fsm.Decode(encode(t, fsm.DeleteEndpoint{Key: key}))
		if err != nil || commands[0] != (fsm.DeleteEndpoint{Key: key}) {
			t.Errorf("key %q came back as %+v, %v", key, commands, err)
		}
	})
}

func TestSettings_Retry(t *testing.T) {
	for _, c := range []struct{ interval, retry, want time.Duration }{
		{10 * time.Second, 0, 2 * time.Second},
		{2 * time.Second, 0, time.Second},
		{500 * time.Millisecond, 0, 500 * time.Millisecond},
		{10 * time.Second, 3 * time.Second, 3 * time.Second},
		{10 * time.Second, time.Minute, 10 * time.Second},
	} {
		s := fsm.Settings{Interval: fsm.Duration(c.interval), RetryInterval: fsm.Duration(c.retry)}
		if got := s.Retry(); got != c.want {
			t.Errorf("interval %v, retry_interval %v: %v, want %v", c.interval, c.retry, got, c.want)
		}
	}
}

func TestSites_Of(t *testing.T) {
	for _, c := range []struct {
		sites   fsm.Sites
		n, want int
	}{
		{fsm.SitesAuto, 1, 1},
		{fsm.SitesAuto, 2, 1},
		{fsm.SitesAuto, 3, 2},
		{fsm.SitesAuto, 5, 3},
		{fsm.SitesOff, 5, 1},
		{2, 5, 2},
	} {
		if got := c.sites.Of(c.n); got != c.want {
			t.Errorf("%v of %d sites: %d, want %d", c.sites, c.n, got, c.want)
		}
	}
}

func TestDefaultClusterSettings_AreValid(t *testing.T) {
	s := fsm.DefaultClusterSettings()
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	if s.BallotTTL() != 15*time.Second {
		t.Errorf("a ballot lives %v, and should three refresh intervals of 5s", s.BallotTTL())
	}
}

func TestQuorumAndSites_ReadPlainNumbersToo(t *testing.T) {
	var o fsm.Overrides
	if err := json.Unmarshal([]byte(`{"quorum":3,"sites":2}`), &o); err != nil || *o.Quorum != 3 || *o.Sites != 2 {
		t.Errorf("got %+v, %v", o, err)
	}
	if err := json.Unmarshal([]byte(`{"quorum":"majority","sites":"off"}`), &o); err != nil || *o.Quorum != fsm.Majority || *o.Sites != fsm.SitesOff {
		t.Errorf("got %+v, %v", o, err)
	}
	for _, bad := range []string{`{"quorum":0}`, `{"quorum":2.5}`, `{"sites":true}`, `{"sites":[1]}`, `{"quorum":"\u00"}`} {
		if err := json.Unmarshal([]byte(bad), &o); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}
