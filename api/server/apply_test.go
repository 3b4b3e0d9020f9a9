package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tocsin/api"
	"tocsin/fsm"
)

const applyPath = "/v1/endpoints:apply"

func TestApply_MakesItSoAndTellsTheDifference(t *testing.T) {
	w := newWorld(t)
	w.set("web/old", "v")
	w.set("web/other", "v")
	w.set("db", "v")
	body := `{"endpoints":[{"key":"web/other","value":"w","settings":{"fall":4}},{"key":"web/new","value":"v","labels":{"team":"a"}}],"prune":{"prefix":"web/"}`
	want := fsm.Difference{
		Added:   []string{"web/new"},
		Changed: []fsm.Change{{Key: "web/other", Fields: []string{"value", "settings.fall"}}},
		Deleted: []string{"web/old"},
	}
	dry := decoded[api.Applied](t, w.request("POST", applyPath, body+`,"dry_run":true}`))
	if fmt.Sprint(dry.Difference) != fmt.Sprint(want) || !dry.DryRun || w.writes != 0 || w.View().EndpointCount() != 3 {
		t.Errorf("dry: got %+v, want %+v, after %d writes", dry, want, w.writes)
	}
	done := decoded[api.Applied](t, w.request("POST", applyPath, body+`}`))
	if fmt.Sprint(done.Difference) != fmt.Sprint(want) || done.DryRun || done.Index != w.index || w.writes != 1 {
		t.Errorf("got %+v, want %+v, after %d writes", done, want, w.writes)
	}
	var keys []string
	for e := range w.View().Endpoints("") {
		keys = append(keys, e.Key)
	}
	if want := []string{"db", "web/new", "web/other"}; !slices.Equal(keys, want) {
		t.Errorf("there are %q, want %q", keys, want)
	}
	again := decoded[api.Applied](t, w.request("POST", applyPath, body+`}`))
	if again.Difference.Unchanged != 2 || len(again.Difference.Added)+len(again.Difference.Changed)+len(again.Difference.Deleted) > 0 {
		t.Errorf("the second time: %+v", again)
	}
}

func TestApply_IsRefusedWhole(t *testing.T) {
	w := newWorld(t)
	w.set("a", "v")
	for body, words := range map[string][]string{
		"":                                       {"empty"},
		"{}":                                     {"endpoints is missing"},
		`{"endpoints":1}`:                        {"endpoints"},
		`{"endpoints":[],"prun":{}}`:             {"prun", "did you mean"},
		`{"endpoints":[{"key":"b","vale":"v"}]}`: {"vale", "did you mean"},
		`{"endpoints":[],"prune":{}}`:            {"neither a prefix nor a label"},
		`{"endpoints":[{"key":"b","value":"v"},{"key":""}]}`:    {"key is empty"},
		`{"endpoints":[{"key":"b","value":"v"},{"key":"b"}]}`:   {"twice"},
		`{"endpoints":[{"key":"b"}],"prune":{"prefix":"c"}}`:    {"outside"},
		`{"endpoints":[{"key":"b","settings":{"verify":"x"}}]}`: {`"b"`, "put it there"},
		`{"endpoints":[{"key":"b","settings":{"quorum":2}}]}`:   {`"b"`, "half"},
	} {
		for _, dry := range []bool{false, true} {
			sent := body
			if dry && strings.HasSuffix(body, "}") && body != "{}" {
				sent = strings.TrimSuffix(body, "}") + `,"dry_run":true}`
			}
			a := w.request("POST", applyPath, sent)
			for i, word := range words {
				words[i] = strings.ReplaceAll(word, `"b"`, `\"b\"`)
			}
			a.wantWord(t, 400, words...)
		}
	}
	big := `{"endpoints":[{"key":"b","value":"` + strings.Repeat("v", 5<<20) + `"}]}`
	w.request("POST", applyPath, big).wantWord(t, 413, "too large", "4194304")
	if n := w.View().EndpointCount(); n != 1 {
		t.Errorf("%d endpoints are there after what was refused", n)
	}
	w.get(applyPath).wantWord(t, 405, "POST")
	w.request("POST", "/v1/endpointsXapply", "{}").wantWord(t, 404)
}

// FuzzApply holds that what a body declares is so after it was taken, and that
// one that was refused, or was to be tried alone, has changed nothing.
func FuzzApply(f *testing.F) {
	for _, body := range []string{
		`{"endpoints":[{"key":"web/a","value":"v","settings":{"fall":4,"quorum":"2","check":"tcp"},"labels":{"team":"a"},"parents":["web/old"]}]}`,
		`{"endpoints":[{"key":"web/old","value":"w"}],"prune":{"prefix":"web/"},"dry_run":true}`, `{"endpoints":[],"prune":{}}`,
		`{"endpoints":[{"key":"a","value":"v"},{"key":"a","value":"w"}]}`, `{"endpoints":null}`, `{"Endpoints":[]}`, `{"endpoints":[],"endpoints":[null]}`,
		`{"endpoints":[{"key":"a","value":"v","settings":{"interval":"-1s"}}]}`, `{"endpoints":[]}x`, `{"endpoints":{}}`, "", "[]", "null", "{", "\xff",
	} {
		f.Add([]byte(body))
	}
	w := newWorld(f)
	h := w.handler()
	f.Fuzz(func(t *testing.T, body []byte) {
		w.again(t)
		w.set("web/old", "v")
		before := w.View()
		a := send(h, "POST", applyPath, string(body), "Content-Type: application/json")
		var asked api.ApplyRequest
		switch a.status {
		case 200:
			if err := json.Unmarshal(body, &asked); err != nil {
				t.Fatalf("takes %q: %v", body, err)
			}
		case 400, 404, 409, 413:
			asked.DryRun = true
		default:
			t.Fatalf("%d %s", a.status, a.body)
		}
		if asked.DryRun {
			if w.View() != before {
				t.Errorf("%d %s, and something was written", a.status, a.body)
			}
			return
		}
		for _, d := range asked.Endpoints {
			if e, ok := w.View().Endpoint(d.Key); !ok || e.Value != d.Value {
				t.Errorf("declared as %+v, and it is %+v", d, e)
			}
		}
	})
}
