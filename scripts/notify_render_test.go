package scripts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/cli"
	"tocsin/script"
)

// TestMain lets this test be the program: by its name, as a link beside a test.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "tocsin" {
		os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestNotifyRender(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(os.Args[0], filepath.Join(dir, "tocsin")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"db.tmpl":  `DB={{ if eq .status "UP" }}{{ .value | host }}{{ else }}{{ env "SCRIPT_STANDBY" }}{{ end }}` + "\n",
		"settings": "[*]\nrender.template = " + dir + "/db.tmpl\n[db]\nrender.output = " + dir + "/db env\nrender.reload = cp '" + dir + "/db env' " + dir + "/seen\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	notified := func(key, event, status string, more ...string) script.Result {
		env := append([]string{
			"SCRIPT_TOCSIN=" + filepath.Join(dir, "tocsin"), "SCRIPT_SETTINGS=" + filepath.Join(dir, "settings"), "SCRIPT_STANDBY=standby.example",
			"TOCSIN_EVENT_ID=" + event, "TOCSIN_KEY=" + key, "TOCSIN_VALUE=10.0.0.1:6379", "TOCSIN_STATUS=" + status,
		}, more...)
		return run(t, "notify-render.sh", env, "follower", key, "10.0.0.1:6379", status)
	}
	for _, step := range []struct {
		event, status, says, seen string
	}{
		{"7", "DOWN", "was written and reloaded", "DB=standby.example"},
		{"7", "DOWN", "has not changed", "DB=standby.example"},
		{"8", "UP", "was written and reloaded", "DB=10.0.0.1"},
		{"7", "DOWN", "was left alone: event 7 is older than 8", "DB=10.0.0.1"},
	} {
		r := notified("db", step.event, step.status)
		if seen := strings.Join(logged(t, filepath.Join(dir, "seen")), " "); r.ExitCode != 0 || !strings.Contains(r.Stdout, step.says) || seen != step.seen {
			t.Errorf("event %s: %+v, and the service has read %q, want %q", step.event, r, seen, step.seen)
		}
	}
	if r := notified("db", "9", "DOWN", "SCRIPT_DRY_RUN=1"); r.ExitCode != 0 || !strings.Contains(r.Stdout, "+DB=standby.example") {
		t.Errorf("dry: %+v", r)
	}
	if r := notified("web", "9", "DOWN"); r.ExitCode != 2 || !strings.Contains(r.Stderr, "render.output is not set for web") {
		t.Errorf("without settings: %+v", r)
	}
}
