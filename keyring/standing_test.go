package keyring_test

import (
	"fmt"
	"strings"
	"testing"

	"tocsin/keyring"
)

func TestStanding_Refuses(t *testing.T) {
	f, g := a.Fingerprint(), b.Fingerprint()
	type rings = map[string][]keyring.Fingerprint
	for name, c := range map[string]struct {
		rings  rings
		silent string
		step   keyring.Step
		force  bool
		want   string // what the refusal says, "" for none; the key is b
	}{
		"install":                       {rings{"x": {f}, "y": {f}}, "", keyring.Install, false, ""},
		"install though one is silent":  {rings{"x": {f}}, "y", keyring.Install, false, ""},
		"use":                           {rings{"x": {f, g}, "y": {f, g}}, "", keyring.Use, false, ""},
		"use again":                     {rings{"x": {g, f}, "y": {f, g}}, "", keyring.Use, false, ""},
		"use what nobody has":           {rings{"x": {f}, "y": {f}}, "", keyring.Use, false, "no node"},
		"use what some don't have":      {rings{"x": {f, g}, "y": {f}, "z": {}}, "", keyring.Use, false, "y and z: the key " + string(g) + " is not installed"},
		"use, by force":                 {rings{"x": {f, g}, "y": {f}}, "", keyring.Use, true, "y: the key"},
		"use while one is silent":       {rings{"x": {f, g}}, "y", keyring.Use, false, "y: what keys are there can't be told (it is gone)"},
		"use without it":                {rings{"x": {f, g}}, "y", keyring.Use, true, ""},
		"remove":                        {rings{"x": {f, g}, "y": {f}}, "", keyring.Remove, false, ""},
		"remove what somebody sends by": {rings{"x": {f, g}, "y": {g, f}}, "", keyring.Remove, false, "y: all is sent by the key " + string(g)},
		"remove it by force":            {rings{"x": {f, g}, "y": {g, f}}, "", keyring.Remove, true, "y: all is sent"},
		"remove what nobody has":        {rings{"x": {f}}, "", keyring.Remove, false, ""},
		"remove while one is silent":    {rings{"x": {f, g}}, "y", keyring.Remove, false, "--force"},
		"remove without it":             {rings{"x": {f, g}}, "y", keyring.Remove, true, ""},
		"remove while nobody answers":   {rings{}, "y", keyring.Remove, true, "no node that answers"},
		"nobody answers":                {rings{}, "y", keyring.Use, true, "no node that answers"},
	} {
		s := keyring.Standing{Rings: c.rings, Silent: map[string]string{}}
		if c.silent != "" {
			s.Silent[c.silent] = "it is gone"
		}
		err := s.Refuses(c.step, g, c.force)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestStanding_Keys(t *testing.T) {
	s := keyring.Standing{Rings: map[string][]keyring.Fingerprint{"z": {"1", "2"}, "x": {"2", "1"}, "y": {"2"}, "w": {}}}
	want := "[{2 [x y z] [x y]} {1 [x z] [z]}]"
	if got := fmt.Sprint(s.Keys()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
