package keyring_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"tocsin/keyring"
)

// a, b and c are keys that are the same in every run.
var a, b, c = fixed('a'), fixed('b'), fixed('c')

func fixed(letter byte) keyring.Key {
	k, err := keyring.ParseKey(strings.Repeat(string(letter), 42) + "A=")
	if err != nil {
		panic(err)
	}
	return k
}

func ring(keys ...keyring.Key) keyring.Ring {
	var text strings.Builder
	for _, k := range keys {
		text.WriteString(k.Reveal() + "\n")
	}
	r, err := keyring.Parse(text.String())
	if err != nil {
		panic(err)
	}
	return r
}

func TestParse(t *testing.T) {
	good := map[string][]keyring.Key{
		a.Reveal():        {a},
		a.Reveal() + "\n": {a},
		"# old\n\n \t" + b.Reveal() + " # since May\r\n" + a.Reveal() + "#x\n#" + c.Reveal(): {b, a},
	}
	for text, want := range good {
		r, err := keyring.Parse(text)
		if err != nil || !slices.Equal(r.Keys(), want) || r.Primary() != want[0] {
			t.Errorf("%q: got %v, %v, want %v", text, r, err, want)
		}
	}
	var many strings.Builder
	for range keyring.MaxKeys + 1 {
		many.WriteString(keyring.NewKey().Reveal() + "\n")
	}
	for text, want := range map[string]string{
		"":                               "there is no key in it",
		"# nothing\n":                    "there is no key in it",
		"hunter2":                        "line 1: this is no key",
		a.Reveal() + "\nhunter2":         "line 2: this is no key",
		strings.Repeat("A", 43) + "=":    "line 1: this is no key", // 32 zero bytes
		strings.Repeat("a", 43) + "=":    "line 1: this is no key", // bits that no key has
		strings.Repeat("a", 22) + "==":   "line 1: this is no key", // AES-128
		a.Reveal() + " " + b.Reveal():    "line 1: this is no key",
		a.Reveal() + "\n\n" + a.Reveal(): "line 3: the key " + a.String() + " is there twice",
		many.String():                    fmt.Sprintf("line 9: there are more than %d keys", keyring.MaxKeys),
	} {
		_, err := keyring.Parse(text)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.60q: got %v, want %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error quotes what may be a secret: %v", err)
		}
	}
}

func TestRing_Steps(t *testing.T) {
	install := func(k keyring.Key) func(keyring.Ring) (keyring.Ring, error) {
		return func(r keyring.Ring) (keyring.Ring, error) { return r.Install(k) }
	}
	use := func(k keyring.Key) func(keyring.Ring) (keyring.Ring, error) {
		return func(r keyring.Ring) (keyring.Ring, error) { return r.Use(k.Fingerprint()) }
	}
	remove := func(k keyring.Key) func(keyring.Ring) (keyring.Ring, error) {
		return func(r keyring.Ring) (keyring.Ring, error) { return r.Remove(k.Fingerprint()) }
	}
	full := keyring.NewRing(a)
	for range keyring.MaxKeys - 1 {
		full, _ = full.Install(keyring.NewKey())
	}
	for name, c := range map[string]struct {
		from keyring.Ring
		do   func(keyring.Ring) (keyring.Ring, error)
		want keyring.Ring
		err  string
	}{
		"install":                {ring(a), install(b), ring(a, b), ""},
		"install again":          {ring(a, b), install(b), ring(a, b), ""},
		"install the primary":    {ring(a, b), install(a), ring(a, b), ""},
		"install one too many":   {full, install(b), full, "there are 8 keys already"},
		"install again if full":  {full, install(a), full, ""},
		"use":                    {ring(a, b, c), use(c), ring(c, a, b), ""},
		"use again":              {ring(a, b), use(a), ring(a, b), ""},
		"use one that is absent": {ring(a, b), use(c), ring(a, b), "not installed"},
		"remove":                 {ring(a, b, c), remove(b), ring(a, c), ""},
		"remove again":           {ring(a, c), remove(b), ring(a, c), ""},
		"remove the primary":     {ring(a, b), remove(a), ring(a, b), "use another one first"},
	} {
		t.Run(name, func(t *testing.T) {
			before := c.from.String()
			got, err := c.do(c.from)
			if !slices.Equal(got.Keys(), c.want.Keys()) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got the error %v, want %q", err, c.err)
			}
			if c.from.String() != before {
				t.Errorf("%s has become %v", before, c.from)
			}
		})
	}
	if _, err := ring(a).Use(b.Fingerprint()); !errors.Is(err, keyring.ErrNotInstalled) {
		t.Error(err)
	}
}

func TestRing_Equal(t *testing.T) {
	for _, c := range []struct {
		one, other keyring.Ring
		want       bool
	}{
		{keyring.Ring{}, keyring.Ring{}, true},
		{ring(a, b, c), ring(a, c, b), true},
		{ring(a, b), ring(b, a), false},
		{ring(a, b), ring(a), false},
		{ring(a, b), ring(a, c), false},
		{ring(a), keyring.Ring{}, false},
	} {
		if c.one.Equal(c.other) != c.want || c.other.Equal(c.one) != c.want {
			t.Errorf("%v and %v: want %v", c.one, c.other, c.want)
		}
	}
}

func TestKey_ShowsItselfNowhere(t *testing.T) {
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", a, "ring", ring(a))
	encoded, err := json.Marshal(struct {
		Key  keyring.Key
		Ring keyring.Ring
	}{a, ring(a)})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{log.String(), string(encoded), fmt.Sprint(a, ring(a)), fmt.Sprintf("%v %+v %#v %s %q", a, a, a, a, a)} {
		if strings.Contains(text, a.Reveal()) || strings.Contains(text, strings.TrimRight(a.Reveal(), "=")) {
			t.Errorf("there is the key in %s", text)
		}
	}
	if f := a.Fingerprint(); len(f) != 16 || f == b.Fingerprint() || f != keyring.FingerprintOf(a.Bytes()) {
		t.Errorf("%s is no fingerprint", f)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(ring(a, b).Text())
	f.Add("# x\n" + a.Reveal() + " # y\r\n")
	f.Add(strings.Repeat("a", 43) + "=")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := keyring.Parse(text)
		if err != nil {
			return
		}
		again, err := keyring.Parse(r.Text())
		if err != nil || !slices.Equal(again.Keys(), r.Keys()) {
			t.Errorf("%v was written and read as %v, %v", r, again, err)
		}
		if n := len(r.Keys()); n < 1 || n > keyring.MaxKeys {
			t.Errorf("a ring of %d keys", n)
		}
	})
}
