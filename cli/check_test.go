package cli_test

import (
	"testing"

	"tocsin/api"
	"tocsin/health"
)

func TestCheck(t *testing.T) {
	n := newFakeNode(t, api.Checked{Key: "a/b", Tally: api.Tally{Down: 1, Unknown: 1}, Nodes: []api.NodeCheck{
		{Node: "node1", Site: "paris", Sample: &seenSamples("connection refused", health.Down)[0]}, {Node: "node2", Silent: "it can't be reached"},
	}})
	want := `a/b: 0 of 2 nodes find it UP, 1 DOWN.

NODE   SITE   RESULT  TOOK  WHAT IT SAW
node1  paris  DOWN    5.0s  connection refused
node2  -      -       -     No answer: it can't be reached
`
	if code, stdout, stderr := n.tocsin("check", "a/b"); code != 0 || stdout != want || stderr != "" {
		t.Errorf("%d %q\n%s", code, stderr, stdout)
	}
	if got := n.lastAsked(); got != "POST /v1/endpoints/a%2Fb/check" {
		t.Errorf("asked %q", got)
	}
}
