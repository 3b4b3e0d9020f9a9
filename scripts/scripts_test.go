// Package scripts_test runs the scripts of this folder as a node would, against
// real servers on loopback. Servers that are not installed are said so, and the
// tests that need them skipped; .ci/run installs them all.
package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/script"
)

// patience bounds every run; it measures nothing.
const patience = 30 * time.Second

// run runs a script of this folder by name. Later entries of env win.
func run(t *testing.T, name string, env []string, args ...string) script.Result {
	t.Helper()
	dir, err := script.OpenDir(".")
	if err != nil {
		t.Fatal(err)
	}
	path, err := dir.Resolve(name)
	if err != nil {
		t.Fatal(err)
	}
	r := script.Run(t.Context(), script.Command{
		Path: path, Args: args, Env: script.Environment(env...), Timeout: patience,
	})
	if r.StartErr != nil || r.TimedOut || r.Signal != "" {
		t.Fatalf("%s %q: %+v", name, args, r)
	}
	return r
}

// only returns a PATH that has nothing but these tools, and skips the test if
// one of them isn't on this machine.
func only(t *testing.T, tools ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, tool := range tools {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Skipf("no %s on this machine", tool)
		}
		if err := os.Symlink(path, filepath.Join(dir, tool)); err != nil {
			t.Fatal(err)
		}
	}
	return "PATH=" + dir
}

// shipped returns the names of the scripts of this folder, in order.
func shipped(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("*.sh")
	if err != nil || len(all) < 10 {
		t.Fatalf("scripts %q, %v", all, err)
	}
	names := []string{"verify-http-stream"}
	for _, name := range all {
		if name != "lib.sh" && !strings.HasPrefix(name, "lib-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// What is shared must not be run by its name, and what is shipped must.
func TestScripts_OnlyScriptsCanBeNamed(t *testing.T) {
	dir, err := script.OpenDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range shipped(t) {
		if _, err := dir.Resolve(name); err != nil {
			t.Error(err)
		}
		if kind, _, _ := strings.Cut(strings.TrimSuffix(name, ".sh"), "-"); kind != "verify" && kind != "notify" {
			t.Errorf("%s is called neither verify-something nor notify-something", name)
		}
	}
	for _, name := range []string{"lib.sh", "lib-verify.sh", "lib-notify.sh"} {
		if path, err := dir.Resolve(name); err == nil {
			t.Errorf("%s can be run", path)
		}
	}
}

func TestScripts_Help(t *testing.T) {
	for _, name := range shipped(t) {
		r := run(t, name, nil, "--help")
		if r.ExitCode != 0 || len(r.Stdout) < 100 || !strings.HasPrefix(r.Stdout, "Usage: "+name+" ") {
			t.Errorf("%s --help: %+v, want a page of help", name, r)
		}
		for line := range strings.Lines(r.Stdout) {
			if len([]rune(line)) > 81 {
				t.Errorf("%s --help has a line of more than 80 columns: %s", name, line)
			}
		}
	}
}

func TestScripts_ShortEnoughToHoldInMind(t *testing.T) {
	for _, name := range shipped(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(string(text), "\n"); lines >= 80 {
			t.Errorf("%s has %d lines; scripts have fewer than 80", name, lines)
		}
	}
}

func TestScripts_Clean(t *testing.T) {
	for _, checker := range [][]string{{"shellcheck"}, {"shfmt", "-d"}} {
		t.Run(checker[0], func(t *testing.T) {
			if _, err := exec.LookPath(checker[0]); err != nil {
				t.Skip("not on this machine")
			}
			all, err := filepath.Glob("*.sh")
			if err != nil {
				t.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), checker[0], append(checker[1:], all...)...).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
