package keyring_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tocsin/keyring"
)

func TestHold(t *testing.T) {
	for name, test := range map[string]struct {
		used, kept keyring.Ring
		err        error
		file       []keyring.Fingerprint
		fault      string
	}{
		"the same":             {used: ring(a, b), kept: ring(a, b)},
		"others in turn":       {used: ring(a, b, c), kept: ring(a, c, b)},
		"none of both":         {},
		"one more":             {used: ring(a), kept: ring(a, b), file: ring(a, b).Fingerprints()},
		"another one first":    {used: ring(a, b), kept: ring(b, a), file: ring(b, a).Fingerprints()},
		"nothing can be read":  {used: ring(a), err: errors.New("open /k: no such file\nor directory"), fault: "open /k: no such file; or directory"},
		"and there is no more": {err: errors.New("gone"), fault: "gone"},
	} {
		got := keyring.Hold(test.used, test.kept, test.err)
		if !slices.Equal(got.Keys, test.used.Fingerprints()) {
			t.Errorf("%s: goes by %v", name, got.Keys)
		}
		if differs := test.file != nil || test.fault != ""; (got.File != nil) != differs || differs && (!slices.Equal(got.File.Keys, test.file) || got.File.Fault != test.fault) {
			t.Errorf("%s: got %+v", name, got.File)
		}
	}
}

// TestStanding_Mend: what is to be done about a file follows from whether what it says
// may come into force.
func TestStanding_Mend(t *testing.T) {
	type keys = []keyring.Fingerprint
	for name, test := range map[string]struct {
		file         keyring.Stray
		text, remedy string
	}{
		"brought, and not read":    {keyring.Stray{Keys: keys{"1", "2"}}, "says 1, 2, and it goes by 1", `"tocsin reload" there`},
		"one that nobody else has": {keyring.Stray{Keys: keys{"3"}}, "says 3, and it goes by 1", "would not understand b and c, nor"},
		"one that only b has":      {keyring.Stray{Keys: keys{"2", "1"}}, "says 2, 1, and it goes by 1", "would not understand c, nor"},
		"unreadable":               {keyring.Stray{Fault: "denied"}, "can't be read, and it goes by 1: denied", "before this one is started again"},
	} {
		s := keyring.NewStanding()
		s.Hear("a", keyring.Held{Keys: keys{"1"}, File: &test.file})
		s.Hear("b", keyring.Held{Keys: keys{"1", "2"}})
		s.Hear("c", keyring.Held{Keys: keys{"1"}})
		text, remedy := s.Mend("a")
		if !strings.Contains(text, test.text) || !strings.Contains(remedy, test.remedy) {
			t.Errorf("%s: %q, %q", name, text, remedy)
		}
		if !slices.Equal(s.StrayFiles(), []string{"a"}) || !slices.Equal(s.Rings["a"], keys{"1"}) {
			t.Errorf("%s: it has become %+v", name, s)
		}
		for step, want := range map[keyring.Step]bool{keyring.Install: false, keyring.Use: true, keyring.Remove: true} {
			f := map[keyring.Step]keyring.Fingerprint{keyring.Install: "4", keyring.Use: "1", keyring.Remove: "2"}[step]
			if err := s.Refuses(step, f, false); (err != nil) != want || err != nil && !strings.Contains(err.Error(), "a: its file") {
				t.Errorf("%s: %s: %v", name, step, err)
			}
			if err := s.Refuses(step, f, true); err != nil {
				t.Errorf("%s: %s by force: %v", name, step, err)
			}
		}
	}
}
