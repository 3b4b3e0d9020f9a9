package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
)

// threeEndpoints have settings and labels of every kind.
func threeEndpoints() api.Endpoints {
	effective := fsm.DefaultSettings()
	effective.Check = fsm.CheckHTTP
	return api.Endpoints{Endpoints: []api.Endpoint{
		{Key: "a/\x1b[31m \"quoted\"", Value: "no", State: health.Down, Effective: fsm.DefaultSettings()},
		{
			Key: "web/1", Value: "http://10.0.0.1/health?deep=1#x: y", State: health.Up, Effective: effective,
			Settings: fsm.Overrides{
				Check: new(fsm.CheckHTTP), Interval: new(fsm.Duration(90 * time.Second)), Fall: new(3), Quorum: new(fsm.Quorum(3)),
				Sites: new(fsm.SitesOff), TimeoutIs: new(health.Down), Verify: new("1.10"),
			},
			Labels: map[string]string{"team": "storage", "no": "007", "blank": " "},
		},
		{Key: "web/2", Value: "", Labels: map[string]string{}, Effective: fsm.DefaultSettings()},
	}}
}

// TestEndpoint_RoundTrip: what export writes, in either form, apply sends as it
// was.
func TestEndpoint_RoundTrip(t *testing.T) {
	for _, format := range []string{"yaml", "json"} {
		n := newFakeNode(t, threeEndpoints())
		code, stdout, stderr := n.tocsin("endpoint", "export", "-o", format)
		if code != 0 || stderr != "" || strings.Contains(stdout, "\x1b") {
			t.Fatalf("%s: %d %q\n%s", format, code, stderr, stdout)
		}
		file := filepath.Join(t.TempDir(), "endpoints")
		if err := os.WriteFile(file, []byte(stdout), 0o600); err != nil {
			t.Fatal(err)
		}
		n = newFakeNode(t, api.Applied{DryRun: true, Difference: fsm.Difference{Unchanged: 3}})
		if code, _, stderr := n.tocsin("endpoint", "apply", file, "--dry-run"); code != 0 || stderr != "0 added, 0 changed, 0 deleted, 3 unchanged, if this were applied\n" {
			t.Fatalf("%s: %d %q\n%s", format, code, stderr, stdout)
		}
		want := api.ApplyRequest{DryRun: true}
		for _, e := range threeEndpoints().Endpoints {
			want.Endpoints = append(want.Endpoints, fsm.Declared{Key: e.Key, Value: e.Value, Overrides: e.Settings, Labels: e.Labels})
		}
		body, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if got := n.lastAsked(); got != "POST /v1/endpoints:apply "+string(body) {
			t.Errorf("%s: asked\n%s, want\n%s", format, got, body)
		}
	}
}

func TestEndpointApply_ShowsTheDifference(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.yaml")
	text := "endpoints:\n- {key: web/1, value: 'http://h/', settings: {interval: 5s}, labels: {team: web, city: paris}}\n- {key: web/3, value: new, labels: {a: b}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	difference := fsm.Difference{
		Added:   []string{"web/3"},
		Changed: []fsm.Change{{Key: "web/1", Fields: []string{"value", "settings.interval", "settings.fall", "labels"}}},
		Deleted: []string{"web/2"},
	}
	before := api.Endpoints{Endpoints: []api.Endpoint{{
		Key: "web/1", Value: "http://old/", Settings: fsm.Overrides{Interval: new(fsm.Duration(time.Minute)), Fall: new(2)},
		Labels: map[string]string{"team": "storage", "city": "paris"},
	}}}
	n := newFakeNode(t, api.Applied{DryRun: true, Difference: difference}, before, api.Applied{Index: 9, Difference: difference})
	code, stdout, stderr := n.tocsin("endpoint", "apply", file, "--prune", "--prefix", "web/", "--label", "a=b")
	want := `  web/1
-   value: http://old/
+   value: http://h/
-   settings.interval: 1m
+   settings.interval: 5s
-   settings.fall: 2
-   labels.team: storage
+   labels.team: web
- web/2
+ web/3
+   value: new
+   labels.a: b
`
	if code != 0 || stdout != want || stderr != "1 added, 1 changed, 1 deleted, 0 unchanged\n" {
		t.Errorf("%d %q\n%s", code, stderr, stdout)
	}
	asked := n.asked
	if len(asked) != 3 || !strings.HasSuffix(asked[0], `"prune":{"prefix":"web/","labels":{"a":"b"}},"dry_run":true}`) ||
		asked[1] != "GET /v1/endpoints?prefix=web%2F" || !strings.HasSuffix(asked[2], `"prune":{"prefix":"web/","labels":{"a":"b"}}}`) {
		t.Errorf("asked\n%s", strings.Join(asked, "\n"))
	}
	n = newFakeNode(t, api.Applied{Index: 9})
	if code, stdout, _ := n.tocsin("endpoint", "apply", file, "-o", "json"); code != 0 || !strings.Contains(stdout, `"index": 9`) {
		t.Errorf("as JSON: %d %s", code, stdout)
	}
}

func TestEndpointListAndShow(t *testing.T) {
	n := newFakeNode(t, threeEndpoints())
	want := `KEY               STATE    CHECK             VALUE             LABELS
a/�[31m "quoted"  DOWN     script verify.sh  no                -
web/1             UP       http              http://10.0.0.1/  blank= no=007
                                             health?deep=1#x:  team=storage
                                             y
web/2             UNKNOWN  script verify.sh                    -
`
	code, stdout, stderr := n.tocsin("endpoint", "list", "--prefix", "w", "--label", "a=b", "--label", "c=d", "--state", "down")
	if code != 0 || stdout != want || stderr != "" {
		t.Errorf("%d %q\n%s", code, stderr, stdout)
	}
	if got := n.lastAsked(); got != "GET /v1/endpoints?label=a%3Db&label=c%3Dd&prefix=w&state=DOWN" {
		t.Errorf("asked %s", got)
	}
	n = newFakeNode(t, threeEndpoints().Endpoints[1])
	code, stdout, stderr = n.tocsin("endpoint", "show", "web/1")
	for _, line := range []string{"web/1 is UP\n", "        no=007\n", "fall             3                           its own\n", "retry_interval   2s (follows from interval)  cluster\n"} {
		if code != 0 || stderr != "" || !strings.Contains(stdout, line) {
			t.Errorf("%d %q, without %q\n%s", code, stderr, line, stdout)
		}
	}
}
