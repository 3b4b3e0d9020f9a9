//go:build linux

package hosttest

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tocsin/hosttest/lan"
)

var hosts = flag.Bool("hosts", false, "run real processes on hosts of their own; needs root")

// binary is the tocsin that is tested; it is built once.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if !*hosts || lan.Possible() != nil {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "tocsin-hosttest-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "tocsin")
	args := []string{"build", "-buildvcs=false", "-o", binary}
	if raceDetector {
		args = append(args, "-race")
	}
	if said, err := exec.Command("go", append(args, "tocsin")...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, said)
		return 1
	}
	return m.Run()
}

// needHosts skips a test where hosts were not asked for, or can't be had. Root
// who asks for them and lacks a tool is told.
func needHosts(t *testing.T) {
	t.Helper()
	if !*hosts {
		t.Skip("takes minutes and root: go test ./hosttest -hosts -v")
	}
	if os.Geteuid() != 0 {
		t.Skip(lan.Possible())
	}
	if err := Possible(); err != nil {
		t.Fatal(err)
	}
}

// start makes a cluster that lives as long as the test. What a failed test
// leaves behind is kept.
func start(t *testing.T, cfg Config) *Cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "tocsin-hosts-")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Dir, cfg.Binary = dir, binary
	c, err := Start(t.Context(), cfg)
	t.Cleanup(func() {
		if t.Failed() {
			if err := c.Keep(); err != nil {
				t.Error(err)
			}
			t.Logf("all files are kept in %s", dir)
		}
		c.Close()
		if !t.Failed() {
			if err := os.RemoveAll(dir); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
