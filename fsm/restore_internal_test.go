package fsm

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"
	"time"
)

// sealed puts the right trailer behind lines.
func sealed(lines ...string) []byte {
	text := strings.Join(lines, "\n") + "\n"
	sum := sha256.New()
	sum.Write([]byte(text))
	return append(append([]byte(text), trailer(sum)...), '\n')
}

const header = `{"format":"tocsin-snapshot","version":1,"index":9}`

// TestReadSnapshot_RefusesNonsenseWithAChecksum: a fault of ours when writing
// must not become a state.
func TestReadSnapshot_RefusesNonsenseWithAChecksum(t *testing.T) {
	for name, c := range map[string]struct {
		lines   []string
		mention string // "" when it is good
	}{
		"nothing but a header":          {[]string{header}, ""},
		"another version":               {[]string{`{"format":"tocsin-snapshot","version":2}`}, "protocol 2"},
		"another format":                {[]string{`{"format":"x","version":1}`}, `"x"`},
		"an unknown field":              {[]string{header, `{"surprise":1}`}, "surprise"},
		"an empty line":                 {[]string{header, ``}, "line 2"},
		"a line with nothing":           {[]string{header, `{}`}, "empty"},
		"a line with two things":        {[]string{header, `{"observer":{"node":"n"},"event":{"id":1}}`}, "more than one"},
		"an endpoint twice":             {[]string{header, `{"endpoint":{"key":"a"}}`, `{"endpoint":{"key":"a","slot":1}}`}, "twice"},
		"a slot twice":                  {[]string{header, `{"endpoint":{"key":"a"}}`, `{"endpoint":{"key":"b"}}`}, "same slot"},
		"a slot out of all reason":      {[]string{header, `{"endpoint":{"key":"a","slot":4294967295}}`}, "4294967295"},
		"an observer twice":             {[]string{header, `{"observer":{"node":"n"}}`, `{"observer":{"node":"n"}}`}, "twice"},
		"an event twice":                {[]string{header, `{"event":{"id":1}}`, `{"event":{"id":1}}`}, "twice"},
		"an outcome without its event":  {[]string{header, `{"outcome":{"event":1,"node":"n"}}`}, "not the event"},
		"an outcome twice":              {[]string{header, `{"event":{"id":1}}`, `{"outcome":{"event":1,"node":"n"}}`, `{"outcome":{"event":1,"node":"n"}}`}, "twice"},
		"a line too long to be written": {[]string{header, strings.Repeat(" ", maxSnapshotLine+1)}, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := readSnapshot(bytes.NewReader(sealed(c.lines...)), time.Now(), Dialect{})
			if (err == nil) != (c.mention == "") || (v == nil) != (err != nil) {
				t.Fatalf("view %v, error %v", v, err)
			}
			if err != nil && !strings.Contains(err.Error(), c.mention) {
				t.Errorf("error %q does not mention %q", err, c.mention)
			}
		})
	}
}

func TestWriteSnapshot_RefusesWhatCouldNotBeReadBack(t *testing.T) {
	next, _, _ := apply(emptyView(), entry{index: 1, commands: []Command{SetEndpoint{Key: "k", Value: strings.Repeat("v", maxSnapshotLine)}}})
	if err := writeSnapshot(new(bytes.Buffer), next); err == nil {
		t.Error("a line was written that is too long to be read")
	}
}

// FuzzReadSnapshot: whatever is read can be written, and reads the same again.
func FuzzReadSnapshot(f *testing.F) {
	f.Add(string(sealed(header)), false)
	f.Add(header+"\n"+`{"endpoint":{"key":"a","slot":3,"last_event":4}}`+"\n"+`{"event":{"id":4,"key":"a","to":"UP","votes":[]}}`+"\n"+`{"outcome":{"event":4,"node":"n","role":"leader"}}`, true)
	f.Add(header+"\n"+`{"observer":{"node":"n","epoch":7}}`, true)
	f.Add("", false)
	f.Fuzz(func(t *testing.T, text string, seal bool) {
		data := []byte(text)
		if seal { // or else nothing gets past the checksum
			data = sealed(strings.Split(text, "\n")...)
		}
		v, err := readSnapshot(bytes.NewReader(data), time.Now(), Dialect{})
		if err != nil {
			return
		}
		var first, second bytes.Buffer
		if err := writeSnapshot(&first, v); err != nil {
			return // a time that nobody could have proposed
		}
		again, err := readSnapshot(bytes.NewReader(first.Bytes()), time.Now(), Dialect{})
		if err != nil {
			t.Fatalf("what was written can't be read: %v\n%s", err, first.Bytes())
		}
		if err := writeSnapshot(&second, again); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatalf("%v\n%s\n%s", err, first.Bytes(), second.Bytes())
		}
	})
}
