package server_test

import (
	"testing"

	"tocsin/api"
	"tocsin/health"
)

// TestConditions follows a writer who reads, decides and writes, and meets
// others who did so in between.
func TestConditions(t *testing.T) {
	w := newWorld(t)
	const path = "/v1/endpoints/web"
	first := w.request("PUT", path, `{"value":"a"}`, "If-None-Match: *")
	first.wantWord(t, 200)
	tag := first.header.Get("ETag")
	if read := w.get(path).header.Get("ETag"); tag == "" || read != tag {
		t.Fatalf("written as %s, read as %s", tag, read)
	}
	w.request("PUT", path, `{"value":"b"}`, "If-None-Match: *").wantWord(t, 412, "exists already", "precondition-failed")

	w.decide("web", health.Up) // nobody has written
	second := w.request("PATCH", path, `{"value":"b"}`, "If-Match: "+tag)
	second.wantWord(t, 200)
	if second.header.Get("ETag") == tag {
		t.Errorf("a change left the version at %s", tag)
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		body := `{"value":"c"}`
		if method == "DELETE" {
			body = ""
		}
		for _, old := range []string{tag, tag + `, "99"`, `"x", ` + tag} {
			w.request(method, path, body, "If-Match: "+old).wantWord(t, 412, "changed by somebody else", "read it again")
		}
		for _, never := range []string{`"0"`, `"x"`, "W/" + second.header.Get("ETag")} {
			w.request(method, path, body, "If-Match: "+never).wantWord(t, 412, "the ETag of an answer as it is", "read it again")
		}
	}
	if e, _ := w.View().Endpoint("web"); e.Value != "b" {
		t.Errorf("what was refused has written %q", e.Value)
	}
	unchanged := w.request("PUT", path, `{"value":"b"}`, "If-Match: "+tag+", "+second.header.Get("ETag"))
	if unchanged.status != 200 || unchanged.header.Get("ETag") != second.header.Get("ETag") || decoded[api.Written](t, unchanged).Changed {
		t.Errorf("a write that changes nothing: %d %v %s", unchanged.status, unchanged.header, unchanged.body)
	}
	w.request("PUT", "/v1/endpoints/other", `{"value":"c"}`, "If-Match: *").wantWord(t, 412, "does not exist")
	w.request("DELETE", path, "", "If-Match: *").wantWord(t, 200)
	w.request("DELETE", path, "", "If-Match: *").wantWord(t, 412, "does not exist")
	w.request("DELETE", path, "").wantWord(t, 404)
}

// TestConditions_OfWhatIsAlwaysThere: nobody can be the first to write it.
func TestConditions_OfWhatIsAlwaysThere(t *testing.T) {
	w := newWorld(t)
	settings := w.get("/v1/settings")
	for path, body := range map[string]string{"/v1/settings": settings.body, "/v1/snapshot": w.get("/v1/snapshot").body, "/v1/snapshot?dry_run=true": w.get("/v1/snapshot").body} {
		w.request("PUT", path, body, "If-None-Match: *").wantWord(t, 412, "exists already")
		w.request("PUT", path, body, `If-None-Match: "1"`).wantWord(t, 400, "is not *")
	}
}

func TestConditions_ThatMakeNoSense(t *testing.T) {
	w := newWorld(t)
	for header, word := range map[string]string{
		"If-Match: 17":         "in double quotes",
		"If-Match: \"17":       "in double quotes",
		"If-Match: ,":          "in double quotes",
		"If-None-Match: \"1\"": "is not *",
	} {
		w.request("PUT", "/v1/endpoints/web", `{"value":"a"}`, header).wantWord(t, 400, word)
	}
	w.request("PUT", "/v1/endpoints/web", `{"value":"a"}`, "If-Match: *", "If-None-Match: *").wantWord(t, 400, "one of both")
	if w.writes > 0 {
		t.Errorf("%d of them were written", w.writes)
	}
}
