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
	code, stdout, stderr := n.tocsin("notifications", "list", "--state", "open", "--node", "node 1")
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
	if code, _, stderr := n.tocsin("notifications", "list", "--state", "shut"); code != 2 || !strings.Contains(stderr, "gave-up") {
		t.Errorf("%d %q", code, stderr)
	}
	n = newFakeNode(t, api.Notifications{})
	if code, stdout, stderr := n.tocsin("notifications", "list"); code != 0 || stdout != "" || !strings.Contains(stderr, "No such") {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
}

func TestNotificationsShow(t *testing.T) {
	one := api.EventNotifications{Event: *whyDown().Decided, Notifications: whyDown().Notifications, Silent: map[string]string{"node5": "it can't be reached"}}
	n := newFakeNode(t, one)
	code, stdout, stderr := n.tocsin("notifications", "show", "42")
	for _, want := range []string{"Event ", "decided by", "Notifications of event", "gave up"} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("%d, not %q in\n%s", code, want, stdout)
		}
	}
	if got, want := n.lastAsked(), "GET /v1/notifications/42"; got != want || !strings.Contains(stderr, "node5") {
		t.Errorf("asked %q, want %q; said %q", got, want, stderr)
	}
}

func TestNotifications_AreSeenTo(t *testing.T) {
	t.Setenv("USER", "ana")
	done, before := api.Attended{Event: 42, Index: 57, Changed: true, Nodes: []string{"node1", "node3"}}, api.Attended{Event: 42, Index: 58, Nodes: []string{}}
	for _, c := range []struct {
		args         []string
		answer       api.Attended
		asked, words string
	}{
		{[]string{"retry", "42"}, done, "POST /v1/notifications/42/retry", "run again on node1 and node3"},
		{[]string{"retry", "42", "--node", "node3"}, before, "POST /v1/notifications/42/retry?node=node3", "nothing was changed"},
		{[]string{"ack", "42", "--why", "by hand"}, done, `POST /v1/notifications/42/ack {"by":"ana","why":"by hand"}`, "is seen to, by ana"},
		{[]string{"ack", "42", "--by", "bo", "--node", "node1"}, before, `POST /v1/notifications/42/ack?node=node1 {"by":"bo"}`, "nothing was changed"},
	} {
		n := newFakeNode(t, c.answer)
		code, stdout, stderr := n.tocsin(append([]string{"notifications"}, c.args...)...)
		if code != 0 || stdout != "" || !strings.Contains(stderr, c.words) || n.lastAsked() != c.asked {
			t.Errorf("%q: %d %q %q, asked %q", c.args, code, stdout, stderr, n.lastAsked())
		}
	}
	n := newFakeNode(t, done)
	if code, stdout, _ := n.tocsin("notifications", "retry", "42", "-o", "yaml"); code != 0 || !strings.Contains(stdout, "- node3") {
		t.Errorf("%d %q", code, stdout)
	}
}
