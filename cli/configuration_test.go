package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tocsin/config"
	"tocsin/node"
)

var update = flag.Bool("update", false, "write the pages of docs/reference anew")

// other is a value for each option that is not its default, as a file has it.
var other = map[string]string{
	"node": "n", "site": "paris", "data_dir": "/d", "scripts": "/s", "http": "0.0.0.0:1", "raft": "0.0.0.0:2", "gossip": "0.0.0.0:3", "advertise": "h",
	"bootstrap": "true", "join": "[a:1, b:2]", "gossip_join": "[g:1]", "leave_on_exit": "true", "canary": "['gw:53', 'http://c/']",
	"max_checks": "5", "max_notifications": "6", "missed_notifications": "skip", "original_api": "'off'", "tls": "/t", "client_certs": "required", "insecure": "true", "metrics_endpoints": "true", "pprof": "true", "metrics_open": "true", "auth": "'on'", "peer_token_file": "/p", "bootstrap_token_file": "/b", "audit_log": "/a", "log_format": "json", "log_level": "warn",
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

func loadFile(t *testing.T, name string) loaded {
	t.Helper()
	g := given{flags: config.Layer{"config": {Texts: []string{name}}}, environment: config.Layer{}}
	l, err := g.read()
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
	for _, s := range loadFile(t, fileOf(t, nil)).settings {
		if _, ok := other[s.Key]; !ok && !s.NoFile {
			t.Errorf("give another value for %s in this test", s.Key)
		}
	}
	l := loadFile(t, fileOf(t, other))
	for _, s := range l.settings {
		if s.Source.Kind != config.File && !s.NoFile {
			t.Errorf("%s can't be given in a file", s.Key)
		}
	}
	sameFields(t, "", reflect.ValueOf(newOptions().node), reflect.ValueOf(l.node))
	sameFields(t, "", reflect.ValueOf(newOptions().log), reflect.ValueOf(l.log))
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
	for _, s := range loadFile(t, fileOf(t, nil)).settings {
		if s.NoFile {
			continue
		}
		l := loadFile(t, fileOf(t, map[string]string{s.Key: other[s.Key]}))
		before := newOptions()
		taken := !reflect.DeepEqual(l.node.Changeable(), before.node.Changeable()) || l.log != before.log
		if taken != s.Reload {
			t.Errorf("%s: a running agent takes it: %v, and the table says %v", s.Key, taken, s.Reload)
		}
	}
}

func TestOptions_AreExplained(t *testing.T) {
	page := run(t, 0, "agent", "--help")
	names := map[string]bool{}
	section := ""
	for _, g := range newOptions().table() {
		if g.Section != section && section != "" {
			t.Errorf("what stands under %s: is not all in one place", section)
		}
		section = g.Section
		for _, o := range g.Options {
			if !strings.Contains(page, "  --"+o.Name) || o.Help == "" || names[o.Name] {
				t.Errorf("--%s has no help of its own", o.Name)
			}
			names[o.Name] = true
		}
	}
}

// run runs a command and returns what it printed.
func run(t *testing.T, code int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := app{stdout: &stdout, stderr: &stderr}
	if got := a.main(args); got != code {
		t.Errorf("%q: exit code %d, want %d: %s", args, got, code, &stderr)
	}
	return stdout.String()
}

func TestConfigDefault_IsReadAsTheDefaults(t *testing.T) {
	sample := run(t, 0, "config", "default")
	for line := range strings.Lines(sample) {
		if len([]rune(line)) > 80 {
			t.Errorf("longer than 79: %q", line)
		}
	}
	whole := regexp.MustCompile(`(?m)^( *)#([a-z_]+:)`).ReplaceAllString(sample, "$1$2")
	for name, text := range map[string]string{"as it is": sample, "with every line": whole} {
		l := loadFile(t, write(t, filepath.Join(t.TempDir(), "f.yaml"), text))
		if want := newOptions(); !reflect.DeepEqual(l.node, want.node) || l.log != want.log {
			t.Errorf("%s: got %+v, want %+v", name, l.node, want.node)
		}
		for _, s := range l.settings {
			if wanted := map[string]config.Kind{"as it is": config.Default, "with every line": config.File}[name]; !s.NoFile && s.Source.Kind != wanted {
				t.Errorf("%s: %s comes from %v", name, s.Key, s.Source)
			}
		}
	}
}

// TestReference holds the page of the documentation to the table.
func TestReference(t *testing.T) {
	const begin, end = "<!-- begin: written by go test ./cli -update -->\n\n", "\n<!-- end -->"
	name := filepath.Join("..", "docs", "reference", "configuration.md")
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(page), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatal("the page has lost its marks")
	}
	want := head + begin + newOptions().table().Reference() + end + tail
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the table says: go test ./cli -run Reference -update", name)
	}
	write(t, name, want)
}

// TestAgent_FileIsTheWeakest but for the defaults.
func TestAgent_FileIsTheWeakest(t *testing.T) {
	file := fileOf(t, map[string]string{"node": "f", "site": "f", "data_dir": "f", "join": "[f:1, f:2]", "canary": "f:1"})
	t.Setenv("TOCSIN_CONFIG", file)
	t.Setenv("TOCSIN_SITE", "e")
	t.Setenv("TOCSIN_DATA_DIR", "e")
	t.Setenv("TOCSIN_JOIN", "e:1")
	cfg := agentConfig(t, "--data-dir", "c")
	if cfg.Name != "f" || cfg.Site != "e" || cfg.DataDir != "c" || !slices.Equal(cfg.Join, []string{"e:1"}) || !slices.Equal(cfg.Canaries, []string{"f:1"}) {
		t.Errorf("got %+v", cfg)
	}
	if cfg := agentConfig(t, "--config", fileOf(t, map[string]string{"node": "other"})); cfg.Name != "other" {
		t.Errorf("got %+v", cfg)
	}
}

// taker is a node that is reloaded.
type taker struct {
	took []node.Changeable
	err  error
}

func (n *taker) Reload(c node.Changeable) error {
	if n.err == nil {
		n.took = append(n.took, c)
	}
	return n.err
}

// underReload runs an agent with a file and hands its reloader to test.
func underReload(t *testing.T, file string, test func(r *reloader, log *bytes.Buffer)) {
	t.Helper()
	g := &given{flags: config.Layer{}, environment: config.Layer{}}
	if file != "" {
		g.flags["config"] = config.Given{Texts: []string{file}}
	}
	g.flags["node"] = config.Given{Texts: []string{"n"}}
	l, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	test(newReloader(g, newLiveLog(&log, l.log), l.settings), &log)
}

func TestReload(t *testing.T) {
	file := fileOf(t, map[string]string{"log_level": "info", "max_checks": "4"})
	underReload(t, file, func(r *reloader, log *bytes.Buffer) {
		early := r.log.logger.With("component", "x") // a part that has its logger already
		n := &taker{}
		write(t, file, "log_level: debug\nlog_format: json\nmax_checks: 5\ndata_dir: elsewhere\nsettings: {fall: 9}\ncanary: gw:53\n")
		if _, err := r.reload(); !errors.Is(err, errStarting) {
			t.Errorf("before the node runs: %v", err)
		}
		r.attach(n)
		changes, err := r.reload()
		if err != nil || len(n.took) != 1 || n.took[0].MaxChecks != 5 || !slices.Equal(n.took[0].Canaries, []string{"gw:53"}) {
			t.Errorf("took %+v, %v", n.took, err)
		}
		words := []string{}
		for _, c := range changes {
			words = append(words, c.String())
		}
		want := []string{
			"data_dir changed from data to elsewhere: takes effect at the next start", `canary changed from "" to gw:53`, "max_checks changed from 4 to 5",
			"log_format changed from text to json", "log_level changed from info to debug",
			"settings.fall changed from 3 to 9: " + atFounding,
		}
		if !slices.Equal(words, want) {
			t.Errorf("got  %q\nwant %q", words, want)
		}
		if early.Debug("hello"); !strings.Contains(log.String(), `"level":"DEBUG","msg":"hello","component":"x"`) {
			t.Errorf("a logger of before writes %s", log)
		}
	})
}

func TestReload_ABadFileChangesNothing(t *testing.T) {
	for name, c := range map[string]struct{ text, err string }{
		"misspelt":  {"log_level: debug\nmax_cheks: 5\n", `:2:1: there is no \"max_cheks\": did you mean max_checks?`},
		"no number": {"max_checks: 5\nmax_notifications: x\n", `:2:20: max_notifications: \"x\" is not a whole number`},
		"no sense":  {"max_checks: -5\nlog_level: debug\n", `:1:13: max_checks can't be negative`},
		"two":       {"canary: gw\ndata_dri: x\n", `did you mean data_dir?`},
		"no YAML":   {"log_level: [\n", `:1:12: this is not YAML`},
	} {
		t.Run(name, func(t *testing.T) {
			file := fileOf(t, nil)
			underReload(t, file, func(r *reloader, log *bytes.Buffer) {
				n := &taker{}
				write(t, file, c.text)
				r.attach(n)
				if _, err := r.Reload(); err == nil {
					t.Error("no error is returned")
				}
				r.log.logger.Debug("not to be seen")
				if len(n.took) > 0 || strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "nothing has changed") || !strings.Contains(log.String(), c.err) {
					t.Errorf("took %+v, log %s", n.took, log)
				}
			})
		})
	}
	t.Run("gone", func(t *testing.T) {
		file := fileOf(t, nil)
		underReload(t, file, func(r *reloader, log *bytes.Buffer) {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			r.attach(&taker{})
			if _, err := r.Reload(); err == nil || !strings.Contains(log.String(), "no such file") {
				t.Errorf("log %s", log)
			}
		})
	})
	t.Run("never there", func(t *testing.T) {
		underReload(t, "", func(r *reloader, log *bytes.Buffer) {
			r.attach(&taker{})
			if _, err := r.Reload(); err == nil || !strings.Contains(log.String(), "started without --config") {
				t.Errorf("log %s", log)
			}
		})
	})
}

func TestSayFaults_LeavesNothingOut(t *testing.T) {
	file := fileOf(t, map[string]string{"http": "nonsense"})
	var stdout, stderr bytes.Buffer
	a := app{stdout: &stdout, stderr: &stderr, run: func(context.Context, node.Config, func(context.Context, running)) error { return nil }}
	if code := a.main([]string{"agent", "--node", "n", "--raft", "nowhere", "--config", file}); code != exitUsage {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{file + ":1:7: http: ", "    1 | http: nonsense\n      |       ^\n", `--raft: "nowhere"`, `See "tocsin agent --help"`} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("%q is not in\n%s", want, &stderr)
		}
	}
}
