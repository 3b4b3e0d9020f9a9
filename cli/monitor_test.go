package cli_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"tocsin/api"
	"tocsin/cli"
)

func logMessage(id, data string) string { return "event: line\nid: " + id + "\ndata: " + data + "\n\n" }

func TestMonitor(t *testing.T) {
	address, asked := streamer(t,
		": alive\nid: 3\n\n"+logMessage("4", `{"time":"2026-11-20T16:04:02Z","level":"WARN","msg":"this is \"so\"","key":"a b","n":7,"on":true,"e":"","esc":"\u001b[31m"}`),
		"event: restarted\nid: a-0\ndata: {\"started\":\"2026-11-20T16:04:02Z\"}\n\nevent: missing\nid: 9\ndata: {\"lines\":5}\n\n"+logMessage("10", `{"msg":"again"}`)+logMessage("11", `no JSON`))
	var stdout, stderr bytes.Buffer
	code := cli.Main([]string{"monitor", "--lines", "7", "--address", "127.0.0.1:1," + address}, &stdout, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "enough") {
		t.Errorf("ended with %d %q", code, &stderr)
	}
	want := `time=2026-11-20T16:04:02Z level=WARN msg="this is \"so\"" key="a b" n=7 on=true e="" esc="\x1b[31m"` + "\nmsg=again\nno JSON\n"
	if stdout.String() != want {
		t.Errorf("showed\n%s, want\n%s", &stdout, want)
	}
	if !strings.Contains(stderr.String(), "the node was started again at 2026-11-2") || !strings.Contains(stderr.String(), "5 lines are missing") || !strings.Contains(stderr.String(), "waiting for it") {
		t.Errorf("said %s", &stderr)
	}
	if got := asked(); len(got) != 3 || got[0] != "/v1/log " || got[1] != "/v1/log 4" || got[2] != "/v1/log 11" {
		t.Errorf("asked %q", got)
	}
}

func TestMonitor_NobodyAnswers(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := cli.Main([]string{"monitor", "--address", "127.0.0.1:1,127.0.0.1:2"}, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), "no node answers at 127.0.0.1:1 or 127.0.0.1:2 (connection refused)") {
		t.Errorf("%d %s", code, &stderr)
	}
}

func TestReloadCommand(t *testing.T) {
	n := newFakeNode(t, api.Reloaded{
		File:    "t.yaml",
		Applied: []api.Reconfigured{{Setting: "log_level", From: "info", To: "debug"}},
		Waiting: []api.Reconfigured{{Setting: "site", To: "paris", When: "takes effect at the next start"}},
	})
	code, stdout, stderr := n.tocsin("reload")
	if code != 0 || stderr != "" || n.lastAsked() != "POST /v1/reload" || stdout != "log_level: info → debug\nsite: \"\" → paris, which takes effect at the next start\n" {
		t.Errorf("%d %q %q, asked %q", code, stdout, stderr, n.lastAsked())
	}
	n = newFakeNode(t, api.Reloaded{File: "t.yaml"})
	if _, stdout, _ := n.tocsin("reload"); stdout != "t.yaml says nothing new.\n" {
		t.Errorf("%q", stdout)
	}
	n = newFakeNode(t, problem{http.StatusUnprocessableEntity, api.Problem{Code: api.CodeConfiguration, Detail: "nothing has changed: t.yaml:2:1: no"}})
	if code, _, stderr := n.tocsin("reload"); code != 1 || stderr != "tocsin: reload: nothing has changed: t.yaml:2:1: no\n" {
		t.Errorf("%d %q", code, stderr)
	}
	if code, _, stderr := n.tocsin("reload", "--address", "127.0.0.1:1"); code != 2 || !strings.Contains(stderr, "name one") {
		t.Errorf("%d %q", code, stderr)
	}
}
