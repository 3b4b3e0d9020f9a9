package keyring_test

import (
	"slices"
	"testing"

	"tocsin/keyring"
)

// TestStanding_Strays: who would have to take over the keys of most.
func TestStanding_Strays(t *testing.T) {
	type rings = map[string][]keyring.Fingerprint
	for name, c := range map[string]struct {
		rings  rings
		by     keyring.Fingerprint
		strays []string
	}{
		"all alike":                {rings{"a": {"1"}, "b": {"1"}}, "1", nil},
		"one was away":             {rings{"a": {"2"}, "b": {"2"}, "c": {"1"}}, "2", []string{"c"}},
		"one goes ahead":           {rings{"a": {"1"}, "b": {"1"}, "c": {"2", "1"}}, "1", []string{"c"}},
		"one lags, and none parts": {rings{"a": {"2", "1"}, "b": {"2", "1"}, "c": {"1", "2"}}, "2", nil},
		"one has none":             {rings{"a": {"1"}, "b": {"1"}, "c": nil}, "1", []string{"c"}},
		"one against one":          {rings{"a": {"1"}, "b": {"2"}}, "", nil},
		"in the clear":             {rings{"a": nil}, "", nil},
	} {
		by, strays := keyring.Standing{Rings: c.rings}.Strays()
		if by != c.by || !slices.Equal(strays, c.strays) {
			t.Errorf("%s: %q %q", name, by, strays)
		}
	}
}

// TestStanding_Part: whose keys keep two nodes from hearing each other.
func TestStanding_Part(t *testing.T) {
	s := keyring.Standing{Rings: map[string][]keyring.Fingerprint{"a": {"1", "2"}, "b": {"2", "1"}, "c": {"2"}, "clear": nil, "plain": nil}}
	for pair, want := range map[[2]string]bool{{"a", "b"}: false, {"a", "c"}: true, {"c", "a"}: true, {"b", "c"}: false, {"a", "clear"}: true, {"clear", "plain"}: false, {"a", "gone"}: false} {
		if s.Part(pair[0], pair[1]) != want {
			t.Errorf("%q: not %v", pair, want)
		}
	}
}
