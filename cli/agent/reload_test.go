package agent

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"tocsin/api"
	"tocsin/config"
	"tocsin/keyring"
	"tocsin/node"
)

// taker is a node that is reloaded.
type taker struct {
	took []node.Changeable
	keys keyring.Ring // those of a node whose file says next now
	next keyring.Ring
	err  error
}

func (n *taker) Keys() keyring.Ring { return n.keys }

func (n *taker) Reload(c node.Changeable) error {
	if n.err == nil {
		n.took, n.keys = append(n.took, c), n.next
	}
	return n.err
}

// underReload runs an agent with a file and hands its reloader to test.
func underReload(t *testing.T, file string, test func(r *reloader, log *bytes.Buffer)) {
	t.Helper()
	g := &Given{Flags: config.Layer{}, environment: config.Layer{}}
	if file != "" {
		g.Flags["config"] = config.Given{Texts: []string{file}}
	}
	g.Flags["node"] = config.Given{Texts: []string{"n"}}
	l, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	test(newReloader(g, newLiveLog(&log, l.log), l.Settings), &log)
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

// TestReload_Keys: an agent without --config, but with keys, reads those again,
// and says which there are by their fingerprints.
func TestReload_Keys(t *testing.T) {
	t.Setenv("TOCSIN_GOSSIP_KEY_FILE", "gossip.key")
	g := &Given{Flags: config.Layer{"node": config.Given{Texts: []string{"n"}}}}
	l, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	r := newReloader(g, newLiveLog(&log, l.log), l.Settings)
	before := keyring.NewRing(keyring.NewKey())
	after, err := before.Install(keyring.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	r.attach(&taker{keys: before, next: after})
	answer, err := r.Reload()
	want := api.Reconfigured{Setting: "content of gossip_key_file", From: before.String(), To: after.String()}
	if err != nil || len(answer.Applied) != 1 || answer.Applied[0] != want {
		t.Errorf("got %+v, %v", answer, err)
	}
	if !strings.Contains(log.String(), after.String()) || strings.Contains(log.String(), after.Primary().Reveal()) {
		t.Errorf("the log says %s", &log)
	}
}
