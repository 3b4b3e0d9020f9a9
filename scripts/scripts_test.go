// Package scripts_test runs the scripts of this folder as a node would, against
// real servers on loopback.
package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
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

func TestScripts_Help(t *testing.T) {
	for _, name := range []string{"verify.sh", "notify.sh"} {
		r := run(t, name, nil, "--help")
		if r.ExitCode != 0 || len(r.Stdout) < 100 || r.Stdout[:6] != "Usage:" {
			t.Errorf("%s --help: %+v, want a page of help", name, r)
		}
	}
}

func TestScripts_Clean(t *testing.T) {
	for _, checker := range [][]string{{"shellcheck"}, {"shfmt", "-d"}} {
		t.Run(checker[0], func(t *testing.T) {
			if _, err := exec.LookPath(checker[0]); err != nil {
				t.Skip("not on this machine")
			}
			args := append(checker[1:], "verify.sh", "notify.sh")
			if out, err := exec.CommandContext(t.Context(), checker[0], args...).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
