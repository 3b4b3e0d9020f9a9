package config_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"tocsin/config"
)

type document struct {
	Items []item `json:"items"`
}

type item struct {
	Name   string            `json:"name"`
	Count  *int              `json:"count,omitempty"`
	Level  *level            `json:"level,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
}

// level reads itself from a text.
type level string

func (l *level) UnmarshalText(text []byte) error {
	if *l = level(text); *l != "high" && *l != "low" {
		return errLevel
	}
	return nil
}

var errLevel = errorText("a level is high or low")

type errorText string

func (e errorText) Error() string { return string(e) }

func TestDecode(t *testing.T) {
	want := document{Items: []item{
		{Name: "1.10", Count: new(3), Level: new(level("high")), Labels: map[string]string{"no": "007", "a": ""}},
		{Name: "~x", Labels: map[string]string{}},
	}}
	for what, text := range map[string]string{
		"YAML":      "# comment\nitems:\n- name: 1.10\n  count: 3\n  level: high\n  labels:\n    no: 007\n    a: ''\n- name: ~x\n  labels: {}\n",
		"JSON":      `{"items":[{"name":"1.10","count":3,"level":"high","labels":{"no":"007","a":""}},{"name":"~x","labels":{}}]}`,
		"with tabs": "{\n\t\"items\": [\n\t\t{\"name\":\"1.10\",\n\t\t\"count\":3,\"level\":\"high\",\"labels\":{\"no\":\"007\",\"a\":\"\"}},{\"name\":\"~x\",\"labels\":{}}]}",
		"windows":   "\ufeffitems:\r\n  - {name: 1.10, count: 3, level: high, labels: {no: 007, a: \"\"}}\r\n  - name: ~x\r\n    labels: {}\r\n",
	} {
		var got document
		if err := config.Decode("f", []byte(text), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}

func TestDecode_Faults(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    `f:1:1: there is nothing in it`,
		"x":                                   `f:1:1: the file consists of lines like "name: value"`,
		"itms: []":                            `f:1:1: there is no "itms": did you mean items?`,
		"items:":                              `f:1:8: items has no value`,
		"items: 3":                            `f:1:8: items is a list, each item behind a dash`,
		"items:\n- nme: x":                    `f:2:3: there is no "nme": did you mean name?`,
		"items:\n- name: x\n  zzzzzzzz: y":    `f:3:3: there is no "zzzzzzzz": it is one of name, count, level, labels`,
		"items:\n- name: x\n  name: y":        `f:3:3: this is not YAML`,
		"items:\n- name: [x]":                 `f:2:9: name takes a plain value`,
		"items:\n- count: many":               `f:2:10: count is a whole number, and "many" is none`,
		"items:\n- level: odd":                `f:2:10: a level is high or low`,
		"items:\n- labels: [a]":               `f:2:11: labels consists of lines like "name: value"`,
		"items:\n- name: &a x\n- name: *a":    `f:2:9: name takes a plain value`,
		"items: []\n---\nitems: []":           `f:3:6: a second document`,
		"items:\n- name: x\n  count: 1\n\xff": `f:4:1: this is not UTF-8 text`,
	} {
		err := config.Decode("f", []byte(text), &document{})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestYAML(t *testing.T) {
	for from, want := range map[string]string{
		`"text"`:    "text\n",
		`{}`:        "{}\n",
		`[]`:        "[]\n",
		`[1,[2,3]]`: "- 1\n-\n  - 2\n  - 3\n",
		`{"b":1,"a":{"x":[],"z":{}},"l":[{"k":"v","m":{"o":null}},true]}`:                           "b: 1\na:\n  x: []\n  z: {}\nl:\n  - k: v\n    m:\n      o: null\n  - true\n",
		`{"no":"on","w":"null","o":"1e3","v":"1.10","u":18446744073709551615}`:                      "\"no\": \"on\"\nw: \"null\"\no: \"1e3\"\nv: \"1.10\"\nu: 18446744073709551615\n",
		`["http://h:1/?a=b","10s","1m30s","10.0.0.1:80","a: b","a:","a #b"," a","","-","~","x\ny"]`: "- http://h:1/?a=b\n- 10s\n- 1m30s\n- \"10.0.0.1:80\"\n- \"a: b\"\n- \"a:\"\n- \"a #b\"\n- \" a\"\n- \"\"\n- \"-\"\n- \"~\"\n- \"x\\ny\"\n",
		`"\u001b[31m\u0085\ud83d\ude00\u202e"`:                                                      "\"\\u001B[31m\\u0085😀\\u202E\"\n",
	} {
		if got, err := config.YAML([]byte(from)); err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s, want\n%s", from, err, got, want)
		}
	}
	for _, bad := range []string{"", "{", "[1", `{"a":}`, "1 2", "x"} {
		if got, err := config.YAML([]byte(bad)); err == nil {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

// TestYAML_SaysWhatTheJSONSays: a reader of YAML finds what was there.
func TestYAML_SaysWhatTheJSONSays(t *testing.T) {
	words := rapid.OneOf(rapid.String(), rapid.StringMatching(`[-0-9a-z:#'"~. {}\[\]]{0,8}`), rapid.SampledFrom([]string{"yes", "Off", "NULL", ".inf", "0x1f", "1_0", "<<", "2026-11-20"}))
	rapid.Check(t, func(t *rapid.T) {
		var make func(depth int) any
		make = func(depth int) any {
			switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
			case kind == 0 && depth > 0:
				object := map[string]any{}
				for range rapid.IntRange(0, 3).Draw(t, "names") {
					object[words.Draw(t, "name")] = make(depth - 1)
				}
				return object
			case kind == 1 && depth > 0:
				list := []any{}
				for range rapid.IntRange(0, 3).Draw(t, "items") {
					list = append(list, make(depth-1))
				}
				return list
			case kind == 2:
				return rapid.Bool().Draw(t, "bool")
			case kind == 3:
				return nil
			}
			return words.Draw(t, "text")
		}
		want, err := json.Marshal(map[string]any{"top": make(3)})
		if err != nil {
			t.Fatal(err)
		}
		text, err := config.YAML(want)
		if err != nil {
			t.Fatal(err)
		}
		var read map[string]any
		if err := yaml.Unmarshal(text, &read); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if got, err := json.Marshal(read); err != nil || string(got) != string(want) {
			t.Fatalf("%v\n%s became\n%s, which says\n%s", err, want, text, got)
		}
	})
}
