package render

import (
	"errors"
	"strings"
	"testing"
)

func TestDecide(t *testing.T) {
	text := []byte("new\n")
	for _, test := range []struct {
		what    string
		found   found
		want    plan
		refused string
	}{
		{"no file", found{text: text}, plan{replace: true, reload: true}, ""},
		{"an empty file", found{exists: true, text: text}, plan{replace: true, reload: true}, ""},
		{"another text", found{exists: true, old: []byte("old\n"), text: text}, plan{replace: true, reload: true}, ""},
		{"the same text", found{exists: true, old: text, text: text}, plan{}, ""},
		{"the same text, not reloaded", found{memory: memory{Pending: true}, exists: true, old: text, text: text}, plan{reload: true}, ""},
		{"the same event", found{memory: memory{Event: 7}, event: 7, text: text}, plan{replace: true, reload: true}, ""},
		{"a newer event", found{memory: memory{Event: 7}, event: 8, exists: true, old: text, text: text}, plan{}, ""},
		{"an older event", found{memory: memory{Event: 7, Pending: true}, event: 6, text: text}, plan{}, "event 6 is older than 7"},
		{"by hand", found{memory: memory{Event: 7}, text: text}, plan{replace: true, reload: true}, ""},
	} {
		got := decide(test.found)
		if !strings.HasPrefix(got.refused, test.refused) || (got.refused == "") != (test.refused == "") {
			t.Errorf("%s: refused because %q, want %q", test.what, got.refused, test.refused)
		}
		if got.refused = ""; got != test.want {
			t.Errorf("%s: %+v, want %+v", test.what, got, test.want)
		}
	}
}

func TestDiff(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{"a\n", "a\n", ""},
		{"", "a\nb\n", "--- f\n+++ f\n@@ -1,0 +1,2 @@\n+a\n+b\n"},
		{"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n", "--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
		{"a\na\n", "a\na\na\n", "--- f\n+++ f\n@@ -1,2 +1,3 @@\n a\n a\n+a\n"},
		{"a", "b", "--- f\n+++ f\n@@ -1,1 +1,1 @@\n-a\n+b\n"},
	} {
		if got := diff("f", []byte(test.old), []byte(test.new)); got != test.want {
			t.Errorf("diff(%q, %q) =\n%s\nwant\n%s", test.old, test.new, got, test.want)
		}
	}
}

func TestText(t *testing.T) {
	t.Setenv("SCRIPT_STANDBY", "10.0.0.2:6379")
	data := map[string]any{
		"key": "db", "value": "http://db1.example:8080/health", "status": "DOWN", "empty": "", "list": "a,b",
		"endpoints": []any{
			map[string]any{"key": "db", "state": "DOWN", "value": "10.0.0.1:5432"},
			map[string]any{"key": "web", "state": "UP", "value": "[::1]:80"},
		},
	}
	for _, test := range []struct{ source, want, fault string }{
		{`{{ .key }} is {{ .status | lower }}`, "db is down", ""},
		{`{{ if eq .status "UP" }}{{ .value }}{{ else }}{{ env "SCRIPT_STANDBY" }}{{ end }}`, "10.0.0.2:6379", ""},
		{`{{ .value | host }} {{ .value | port }}`, "db1.example 8080", ""},
		{`{{ host "https://h/" }} {{ port "https://h/" }} {{ host "h" }}`, "h 443 h", ""},
		{`{{ with endpoint "web" }}{{ .state }} {{ .value | host }} {{ .value | port }}{{ end }}`, "UP ::1 80", ""},
		{`{{ range .endpoints }}{{ .key }}={{ .state }};{{ end }}`, "db=DOWN;web=UP;", ""},
		{`{{ quote "it's" }} {{ json .list }} {{ split "," .list | join "+" }} {{ .empty | default "x" }}`, `'it'\''s' "a,b" a+b x`, ""},
		{`{{ .nothing }}`, "", "nothing"},
		{`{{ endpoint "none" }}`, "", `no endpoint "none"`},
		{`{{ host "a;b" }}`, "", "no host:port"},
		{`{{ host "h:80 backup" }}`, "", "no host:port"},
		{`{{ port "h" }}`, "", "no port"},
		{`{{ `, "", "unclosed"},
		{`{{ range $i := .list | printf "%0999999s" | split "" }}{{ range $j := $.list | printf "%0999999s" | split "" }}x{{ end }}{{ end }}`, "", "more than"},
	} {
		text, err := Text("t", test.source, data)
		_, hopeless := errors.AsType[GiveUp](err)
		switch {
		case test.fault == "" && (err != nil || string(text) != test.want):
			t.Errorf("%s makes %q, %v, want %q", test.source, text, err, test.want)
		case test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault) || !hopeless):
			t.Errorf("%s: %v, want %q, and no other attempt", test.source, err, test.fault)
		}
	}
	if _, err := Text("t", `{{ endpoint "db" }}`, nil); err == nil || !strings.Contains(err.Error(), "--status") {
		t.Errorf("without a status: %v", err)
	}
}
