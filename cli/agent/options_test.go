package agent

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"tocsin/config"
)

var update = flag.Bool("update-reference", false, "write docs/reference/configuration.md anew")

// other is a value for each option that is not its default, as a file has it.
var other = map[string]string{
	"node": "n", "site": "paris", "data_dir": "/d", "scripts": "/s", "script_user": "nagios", "http": "0.0.0.0:1", "raft": "0.0.0.0:2", "gossip": "0.0.0.0:3", "advertise": "h",
	"bootstrap": "true", "join": "[a:1, b:2]", "gossip_join": "[g:1]", "leave_on_exit": "true", "canary": "['gw:53', 'http://c/']",
	"max_checks": "5", "max_notifications": "6", "missed_notifications": "skip", "original_api": "'off'", "tls": "/t", "gossip_key_file": "/k", "client_certs": "required", "insecure": "true", "metrics_endpoints": "true", "pprof": "true", "metrics_open": "true", "auth": "'on'", "peer_token_file": "/p", "bootstrap_token_file": "/b", "audit_log": "/a", "log_format": "json", "log_level": "warn",
	"settings.interval": "3s", "settings.retry_interval": "2s", "settings.timeout": "4s", "settings.timeout_is": "down", "settings.fall": "5", "settings.rise": "6",
	"settings.quorum": "7", "settings.sites": "off", "settings.cooldown": "90", "settings.check": "nagios", "settings.verify": "v", "settings.notify": "n",
	"settings.notify_timeout": "8s", "settings.notify_attempts": "9", "settings.max_voters": "3", "settings.ballot_refresh": "1s",
}

// fileOf returns a file that says so.
func fileOf(t *testing.T, says map[string]string) string {
	t.Helper()
	var top, under strings.Builder
	for key, value := range says {
		if name, ok := strings.CutPrefix(key, "settings."); ok {
			under.WriteString("  " + name + ": " + value + "\n")
		} else {
			top.WriteString(key + ": " + value + "\n")
		}
	}
	return write(t, filepath.Join(t.TempDir(), "tocsin.yaml"), top.String()+"settings:\n"+under.String())
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func loadFile(t *testing.T, name string) Loaded {
	t.Helper()
	g := Given{Flags: config.Layer{"config": {Texts: []string{name}}}, environment: config.Layer{}}
	l, err := g.Read()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// notTold are the fields of node.Config that nobody can be told from outside,
// and why.
var notTold = map[string]string{
	"WriteLimit": "30s suit every disk", "Retention": "it is for tests", "Version": "the build knows it",
	"Dialect": "it is for tests of two builds side by side",
	"Logger":  "it is made of the log's options", "Log": "it is the log's", "Process": "it is this process",
	"Settings.EventsKept": "the API changes it", "Settings.Brake": "the API changes it",
}

// TestOptions_NoneIsMissing: a file with another value for every option leaves
// no field of the agent's configuration as it is by default.
func TestOptions_NoneIsMissing(t *testing.T) {
	for _, s := range loadFile(t, fileOf(t, nil)).Settings {
		if _, ok := other[s.Key]; !ok && !s.NoFile {
			t.Errorf("give another value for %s in this test", s.Key)
		}
	}
	l := loadFile(t, fileOf(t, other))
	for _, s := range l.Settings {
		if s.Source.Kind != config.File && !s.NoFile {
			t.Errorf("%s can't be given in a file", s.Key)
		}
	}
	sameFields(t, "", reflect.ValueOf(NewOptions().Node), reflect.ValueOf(l.Node))
	sameFields(t, "", reflect.ValueOf(NewOptions().log), reflect.ValueOf(l.log))
}

// sameFields complains of each field that has the same value in a and b.
func sameFields(t *testing.T, path string, a, b reflect.Value) {
	t.Helper()
	for i := range a.NumField() {
		field := a.Type().Field(i)
		name := path + field.Name
		switch {
		case notTold[name] != "":
		case field.Anonymous:
			sameFields(t, path, a.Field(i), b.Field(i))
		case name == "Settings":
			sameFields(t, name+".", a.Field(i), b.Field(i))
		case reflect.DeepEqual(valueOf(a.Field(i)), valueOf(b.Field(i))):
			t.Errorf("no option sets %s: add one to the table, or say in notTold why there is none", name)
		}
	}
}

func valueOf(v reflect.Value) any {
	if v.Kind() == reflect.String {
		return v.String()
	}
	return v.Interface()
}

// TestOptions_ReloadIsWhatCanBeReloaded: what the table marks is what the node
// and the log take, no more and no less.
func TestOptions_ReloadIsWhatCanBeReloaded(t *testing.T) {
	for _, s := range loadFile(t, fileOf(t, nil)).Settings {
		if s.NoFile {
			continue
		}
		l := loadFile(t, fileOf(t, map[string]string{s.Key: other[s.Key]}))
		before := NewOptions()
		taken := !reflect.DeepEqual(l.Node.Changeable(), before.Node.Changeable()) || l.log != before.log
		if taken != s.Reload {
			t.Errorf("%s: a running agent takes it: %v, and the table says %v", s.Key, taken, s.Reload)
		}
	}
}

func TestConfigDefault_IsReadAsTheDefaults(t *testing.T) {
	sample := Sample()
	for line := range strings.Lines(sample) {
		if len([]rune(line)) > 80 {
			t.Errorf("longer than 79: %q", line)
		}
	}
	whole := regexp.MustCompile(`(?m)^( *)#([a-z_]+:)`).ReplaceAllString(sample, "$1$2")
	for name, text := range map[string]string{"as it is": sample, "with every line": whole} {
		l := loadFile(t, write(t, filepath.Join(t.TempDir(), "f.yaml"), text))
		if want := NewOptions(); !reflect.DeepEqual(l.Node, want.Node) || l.log != want.log {
			t.Errorf("%s: got %+v, want %+v", name, l.Node, want.Node)
		}
		for _, s := range l.Settings {
			if wanted := map[string]config.Kind{"as it is": config.Default, "with every line": config.File}[name]; !s.NoFile && s.Source.Kind != wanted {
				t.Errorf("%s: %s comes from %v", name, s.Key, s.Source)
			}
		}
	}
}

// TestReference holds the page of the documentation to the table.
func TestReference(t *testing.T) {
	const begin, end = "<!-- begin: written by go test ./cli/agent -update-reference -->\n\n", "\n<!-- end -->"
	name := filepath.Join("..", "..", "docs", "reference", "configuration.md")
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(page), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatal("the page has lost its marks")
	}
	want := head + begin + NewOptions().Table().Reference() + end + tail
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the table says: go test ./cli/agent -run Reference -update-reference", name)
	}
	write(t, name, want)
}
