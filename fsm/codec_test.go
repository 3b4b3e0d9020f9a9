package fsm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/fsm"
	"tocsin/health"
)

// TestEncode_RoundTrips: what Encode accepts, Decode gives back.
func TestEncode_RoundTrips(t *testing.T) {
	v := withEvent(t).View()
	rapid.Check(t, func(rt *rapid.T) {
		var commands []fsm.Command
		for range rapid.IntRange(1, 5).Draw(rt, "commands") {
			c := draw(rt, v, term)
			if set, ok := c.(fsm.SetEndpoint); ok {
				set.Key, set.Value = rapid.String().Draw(rt, "key"), rapid.String().Draw(rt, "value")
				if set.Labels != nil && *set.Labels == nil {
					set.Labels = &map[string]string{}
				}
				c = set
			}
			commands = append(commands, c)
		}
		back, err := fsm.Decode(encode(t, commands...))
		if err != nil {
			rt.Fatal(err)
		}
		mustEqual(rt, "what came back", back, commands)
	})
}

// TestEncode_RefusesWhatDecodeCouldNotRead: such an entry would stop every node.
func TestEncode_RefusesWhatDecodeCouldNotRead(t *testing.T) {
	settings := fsm.DefaultClusterSettings()
	with := func(change func(*fsm.ClusterSettings)) fsm.Command {
		s := settings
		change(&s)
		return fsm.ChangeSettings{Settings: s}
	}
	large := make([]fsm.Command, 300)
	for i := range large {
		large[i] = fsm.SetEndpoint{Key: "k", Value: strings.Repeat("v", fsm.MaxValue)}
	}
	for name, c := range map[string]struct {
		commands []fsm.Command
		mention  string
	}{
		"no command":              {nil, "0 commands"},
		"too many":                {make([]fsm.Command, fsm.MaxCommands+1), "1 to 1024"},
		"too many bytes":          {large, "propose fewer"},
		"nil":                     {[]fsm.Command{nil}, "no command"},
		"a pointer":               {[]fsm.Command{&fsm.DeleteEndpoint{Key: "k"}}, "by value"},
		"a quorum below zero":     {[]fsm.Command{with(func(s *fsm.ClusterSettings) { s.Quorum = -1 })}, "quorum -1"},
		"sites below off":         {[]fsm.Command{with(func(s *fsm.ClusterSettings) { s.Sites = -2 })}, "sites -2"},
		"a status without a name": {[]fsm.Command{fsm.Transition{Key: "k", To: health.Status(9)}}, "status 9"},
		"a key not in UTF-8":      {[]fsm.Command{fsm.DeleteEndpoint{Key: "a\xff"}}, "UTF-8"},
		"a value not in UTF-8":    {[]fsm.Command{fsm.SetEndpoint{Key: "a", Value: "a\xff"}}, "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := fsm.Encode(c.commands...)
			if err == nil {
				t.Fatalf("encoded as %.100q", data)
			}
			if !strings.Contains(err.Error(), c.mention) {
				t.Errorf("error %q does not mention %q", err, c.mention)
			}
		})
	}
}

func TestDecode_IsStrict(t *testing.T) {
	for name, entry := range map[string]string{
		"empty":               "",
		"only a protocol":     "\x01",
		"a newer protocol":    "\x02" + `[{"delete":{"key":"k"}}]`,
		"no protocol":         `[{"delete":{"key":"k"}}]`,
		"no command":          "\x01[]",
		"an empty command":    "\x01[{}]",
		"a null command":      "\x01[null]",
		"a null body":         "\x01" + `[{"delete":null}]`,
		"two in one":          "\x01" + `[{"delete":{"key":"k"},"remove":{"node":"n"}}]`,
		"an unknown kind":     "\x01" + `[{"explode":{}}]`,
		"an unknown field":    "\x01" + `[{"delete":{"key":"k","softly":true}}]`,
		"another type":        "\x01" + `[{"delete":{"key":1}}]`,
		"not a list":          "\x01" + `{"delete":{"key":"k"}}`,
		"something behind it": "\x01" + `[{"delete":{"key":"k"}}] x`,
		"not UTF-8":           "\x01" + `[{"delete":{"key":"` + "\xff" + `"}}]`,
		"cut":                 "\x01" + `[{"delete":{"key":"k"}}`,
		"a wrong duration":    "\x01" + `[{"settings":{"settings":{"interval":"soon"}}}]`,
		"too many":            "\x01[" + strings.Repeat(`{"delete":{"key":"k"}},`, fsm.MaxCommands) + `{"delete":{"key":"k"}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			if commands, err := fsm.Decode([]byte(entry)); err == nil {
				t.Errorf("decoded as %+v", commands)
			}
		})
	}
}

// TestEncode_IsReadable holds the format still: entries outlive the build that
// wrote them.
func TestEncode_IsReadable(t *testing.T) {
	got := encode(t, fsm.SetEndpoint{Key: "db", Value: "<10.0.0.1>"}, fsm.DeleteEndpoint{Key: "old"})
	want := "\x01" + `[{"set":{"key":"db","value":"<10.0.0.1>"}},{"delete":{"key":"old"}}]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

// FuzzDecode: what Decode accepts can be encoded, comes back the same, and can
// be validated and applied without harm.
func FuzzDecode(f *testing.F) {
	v := withEvent(f).View()
	e, _ := v.Endpoint("db")
	labels := map[string]string{"l": "1"}
	f.Add(encode(f, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()}))
	f.Add(encode(f, fsm.SetEndpoint{Key: "db", Value: "v", Overrides: &fsm.Overrides{Quorum: new(fsm.Quorum(2)), Sites: new(fsm.SitesOff)}, Labels: &labels}, fsm.DeleteEndpoint{Key: "db"}))
	f.Add(encode(f, turn(v, e), fsm.RecordOutcome{Outcome: fsm.Outcome{Event: 4, Node: "n1", Role: fsm.Leader, Ending: fsm.Done, Attempt: 1}}))
	f.Add(encode(f, fsm.RegisterObserver{Node: "n2", Incarnation: "x"}, fsm.RemoveObserver{Node: "n1"}))
	f.Add([]byte("\x01" + `[{"DELETE":{"KEY":"\ud800"}}]`))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, entry []byte) {
		commands, err := fsm.Decode(entry)
		if err != nil {
			return
		}
		valid := true
		for _, c := range commands {
			valid = fsm.Validate(v, c) == nil && valid
		}
		again, err := fsm.Encode(commands...)
		if err != nil {
			if valid {
				t.Fatalf("valid commands can't be encoded: %v", err)
			}
			return
		}
		back, err := fsm.Decode(again)
		if err != nil {
			t.Fatalf("Decode refuses what Encode wrote: %v", err)
		}
		twice := encode(t, back...)
		if diff := cmp.Diff(string(again), string(twice)); diff != "" {
			t.Fatal(diff)
		}
		m := withEvent(t)
		applyBytes(t, m, 6, entry)
		if !valid {
			return // nobody proposes it
		}
		mustEqual(t, "the state after a restore", pictureOf(t, restored(t, m).View()), pictureOf(t, m.View()))
	})
}
