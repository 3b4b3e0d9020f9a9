package scripts_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/script"
)

// notifier runs one notification script again and again, as one node.
type notifier struct {
	script string
	dir    string // settings, secrets and what the script remembers
	value  string
	env    []string
}

// notifying returns a notifier of a script with these settings for the key
// orders; secrets are NAME=TEXT each.
func notifying(t *testing.T, script, settings string, secrets ...string) notifier {
	t.Helper()
	dir := t.TempDir()
	kept := filepath.Join(dir, "secrets")
	if err := os.Mkdir(kept, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets {
		name, text, _ := strings.Cut(s, "=")
		if err := os.WriteFile(filepath.Join(kept, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "scripts.conf")
	if err := os.WriteFile(file, []byte("[orders]\n"+settings), 0o600); err != nil {
		t.Fatal(err)
	}
	return notifier{script, dir, "10.0.0.1:6379 role=master", []string{
		tocsin(t), "SCRIPT_SETTINGS=" + file, "SCRIPT_SECRETS_DIR=" + kept, "SCRIPT_STATE_DIR=" + dir, "TOCSIN_NODE=node1",
		"TOCSIN_EVENT_TIME=2026-11-28T12:00:00.5Z", "TOCSIN_VOTES_UP=1", "TOCSIN_VOTES_DOWN=4", "TOCSIN_VOTES_UNKNOWN=0",
	}}
}

// with is n with more variables, of which the later win.
func (n notifier) with(env ...string) notifier {
	n.env = append(n.env[:len(n.env):len(n.env)], env...)
	return n
}

// tell runs the script for an event of the key orders.
func (n notifier) tell(t *testing.T, role, status string, event int) script.Result {
	t.Helper()
	env := append(n.env[:len(n.env):len(n.env)], fmt.Sprintf("TOCSIN_EVENT_ID=%d", event))
	return run(t, n.script, env, role, "orders", n.value, status)
}

// want requires that the leader's run ends with code, and says all of the words.
func (n notifier) want(t *testing.T, status string, event, code int, words ...string) {
	t.Helper()
	n.wantAs(t, "leader", status, event, code, words...)
}

func (n notifier) wantAs(t *testing.T, role, status string, event, code int, words ...string) {
	t.Helper()
	r := n.tell(t, role, status, event)
	good := r.ExitCode == code && strings.Contains(r.Stderr, n.script+": ") == (code != 0)
	for _, w := range words {
		good = good && strings.Contains(r.Stdout+r.Stderr, w)
	}
	if !good {
		t.Errorf("%s as %s, %s, event %d: exit code %d\n%s%swant exit code %d and %q",
			n.script, role, status, event, r.ExitCode, r.Stdout, r.Stderr, code, words)
	}
}

// Whatever a script does: misuse is given up, and what came late is refused.
func TestNotify_AllOfThem(t *testing.T) {
	for _, name := range shipped(t) {
		if !strings.HasPrefix(name, "notify") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			for _, args := range [][]string{{}, {"leader", "k", "v"}, {"king", "k", "v", "UP"}, {"leader", "k", "v", "FINE"}} {
				if r := run(t, name, nil, args...); r.ExitCode != 2 || !strings.HasPrefix(r.Stderr, name+": ") {
					t.Errorf("%q: %+v, want it given up", args, r)
				}
			}
			kind := strings.TrimSuffix(strings.TrimPrefix(name, "notify-"), ".sh")
			if kind == "notify" {
				return // it has no settings
			}
			notifying(t, name, kind+".colour = red\n").want(t, "DOWN", 1, 2, "there is no setting "+kind+".colour, only ")
			notifying(t, name, kind+".colour\n").want(t, "DOWN", 1, 2, "has no =")
		})
	}
}

func TestNotify_Settings(t *testing.T) {
	webhook := func(settings string) string {
		n := notifying(t, "notify-webhook.sh", settings).with("SCRIPT_DRY_RUN=1")
		return strings.Fields(n.tell(t, "leader", "DOWN", 1).Stdout + " - - -")[2]
	}
	for settings, want := range map[string]string{
		"webhook.url = http://a/":                                              "http://a/",
		"webhook.url=http://a/?x=1":                                            "http://a/?x=1",
		"  webhook.url  =  http://a/  \r":                                      "http://a/",
		"# webhook.url = http://b/\nwebhook.url = http://a/":                   "http://a/",
		"webhook.url = http://a/\nwebhook.url = http://b/":                     "http://b/",
		"[*]\nwebhook.url = http://a/":                                         "http://a/",
		"[*]\nwebhook.url = http://a/\n[orders]\nwebhook.url = http://b/":      "http://b/",
		"webhook.url = http://a/\n[ordersx]\nwebhook.url = http://b/":          "http://a/",
		"webhook.url = http://a/\n[order?]\nwebhook.url = http://b/":           "http://a/",
		"slack.colour = red\nwebhook.url = http://a/\nxwebhook.url = http://b": "http://a/",
	} {
		if got := webhook(settings); got != want {
			t.Errorf("with %q it calls %s, want %s", settings, got, want)
		}
	}
}

func TestNotify_DryRun(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "env")
	n := notifying(t, "notify-env-file.sh", "env-file.file = "+file+"\nenv-file.name = DB\nenv-file.down = b\nenv-file.units = app\nenv-file.command = false")
	n.with("SCRIPT_DRY_RUN=1").want(t, "DOWN", 9, 0, "+DB=b", file+` would change, and "false app" be run. Nothing was done.`)
	if _, err := os.Stat(file); err == nil {
		t.Error("a dry run has written")
	}
	if _, err := os.Stat(filepath.Join(n.dir, "fence")); err == nil {
		t.Error("a dry run has moved the fence")
	}
}
