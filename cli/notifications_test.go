package cli_test

import (
	"strings"
	"testing"

	"tocsin/api"
)

func TestNotifications(t *testing.T) {
	all := api.Notifications{Notifications: whyDown().Notifications, More: true, Silent: map[string]string{"node5": "it can't be reached"}}
	for i := range all.Notifications {
		all.Notifications[i].Event, all.Notifications[i].Key = 42, "db"
	}
	n := newFakeNode(t, all)
	code, stdout, stderr := n.tocsin("notifications", "--state", "open", "--node", "node 1")
	for _, want := range []string{"EVENT  KEY  TOLD", "42     db", "gave up", "2/10", "next try in"} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("%d, not %q in\n%s", code, want, stdout)
		}
	}
	if !strings.Contains(stderr, "node5 has not said") || !strings.Contains(stderr, "raise --limit") {
		t.Errorf("said %q", stderr)
	}
	if got, want := n.lastAsked(), "GET /v1/notifications?limit=100&node=node+1&state=open"; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
	if code, _, stderr := n.tocsin("notifications", "--state", "shut"); code != 2 || !strings.Contains(stderr, "gave-up") {
		t.Errorf("%d %q", code, stderr)
	}
	n = newFakeNode(t, api.Notifications{})
	if code, stdout, stderr := n.tocsin("notifications"); code != 0 || stdout != "" || !strings.Contains(stderr, "No such") {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
}
