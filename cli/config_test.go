package cli

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tocsin/cli/agent"
	"tocsin/node"
)

var update = flag.Bool("update", false, "write the pages of docs/reference anew")

func TestOptions_AreExplained(t *testing.T) {
	page := run(t, 0, "agent", "--help")
	names := map[string]bool{}
	section := ""
	for _, g := range agent.NewOptions().Table() {
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

// TestAgent_FileIsTheWeakest but for the defaults.
func TestAgent_FileIsTheWeakest(t *testing.T) {
	file := fileWith(t, "node: f\nsite: f\ndata_dir: f\njoin: [f:1, f:2]\ncanary: f:1\n")
	t.Setenv("TOCSIN_CONFIG", file)
	t.Setenv("TOCSIN_SITE", "e")
	t.Setenv("TOCSIN_DATA_DIR", "e")
	t.Setenv("TOCSIN_JOIN", "e:1")
	cfg := agentConfig(t, "--data-dir", "c")
	if cfg.Name != "f" || cfg.Site != "e" || cfg.DataDir != "c" || !slices.Equal(cfg.Join, []string{"e:1"}) || !slices.Equal(cfg.Canaries, []string{"f:1"}) {
		t.Errorf("got %+v", cfg)
	}
	if cfg := agentConfig(t, "--config", fileWith(t, "node: other\n")); cfg.Name != "other" {
		t.Errorf("got %+v", cfg)
	}
}

func TestSayFaults_LeavesNothingOut(t *testing.T) {
	file := fileWith(t, "http: nonsense\n")
	var stdout, stderr bytes.Buffer
	a := app{stdout: &stdout, stderr: &stderr, run: func(context.Context, node.Config, func(context.Context, agent.Running)) error { return nil }}
	if code := a.main([]string{"agent", "--node", "n", "--raft", "nowhere", "--config", file}); code != exitUsage {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{file + ":1:7: http: ", "    1 | http: nonsense\n      |       ^\n", `--raft: "nowhere"`, `See "tocsin agent --help"`} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("%q is not in\n%s", want, &stderr)
		}
	}
}

// fileWith returns a configuration file that says so.
func fileWith(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "tocsin.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
