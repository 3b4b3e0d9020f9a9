//go:build unix

package e2e

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// wantMistake requires that p ends with the exit code and that the last thing
// it says has all the words.
func wantMistake(t *testing.T, p *process, code int, words ...string) {
	t.Helper()
	if got := p.exitCode(t, 2*time.Minute); got != code { // it may have to build
		t.Errorf("run.sh %s ended with %d, want %d", p.words, got, code)
	}
	said := tail(strings.TrimSpace(p.output.String()), 2)
	for _, word := range words {
		if !strings.Contains(said, word) {
			t.Errorf("run.sh %s ended with %q, which does not say %q", p.words, said, word)
		}
	}
}

func TestMisuse(t *testing.T) {
	for _, use := range []struct {
		args, env []string
		word      string
	}{
		{nil, nil, "from 1 to 5"},
		{[]string{"0"}, nil, "'0'"},
		{[]string{"6"}, nil, "'6'"},
		{[]string{"12"}, nil, "'12'"},
		{[]string{"start"}, nil, "'start'"},
		{[]string{"demo", "--twice"}, nil, "--twice"},
		{[]string{"1"}, []string{"TOCSIN_PORT_OFFSET=many"}, "'many'"},
		{[]string{"1"}, []string{"TOCSIN_PORT_OFFSET=-1"}, "'-1'"},
		{[]string{"1"}, []string{"TOCSIN_PORT_OFFSET=08"}, "without a zero in front"},
		{[]string{"1"}, []string{"TOCSIN_PORT_OFFSET=57532"}, "57531"},
		{[]string{"1"}, []string{"TOCSIN_PORT_OFFSET=60000"}, "57531"},
		{[]string{"1"}, []string{"TOCSIN_PORT_OFFSET=18446744073709551616"}, "57531"},
	} {
		t.Run(strings.Join(append(use.env, use.args...), " "), func(t *testing.T) {
			p := runSH(t, use.env, use.args...)
			wantMistake(t, p, 2, use.word)
			if !strings.HasPrefix(p.output.String(), "Usage:") {
				t.Errorf("no help came with it: %s", p.output)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	p := runSH(t, nil, "--help")
	if code := p.exitCode(t, 10*time.Second); code != 0 || !strings.HasPrefix(p.output.String(), "Usage:") {
		t.Errorf("run.sh --help ended with %d and printed %q", code, p.output)
	}
}

func TestUnknownFlag(t *testing.T) {
	c := newCluster(t)
	wantMistake(t, c.start(t, 1, "--intervall", "1s"), 2, "--intervall")
}

func TestPortInUse(t *testing.T) {
	for name, address := range map[string]func(*cluster) string{
		"http":   func(c *cluster) string { return c.http(1) },
		"raft":   func(c *cluster) string { return c.raft(1) },
		"gossip": func(c *cluster) string { return c.gossip(1) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			taken, err := net.Listen("tcp", address(c))
			if err != nil {
				t.Fatal(err)
			}
			defer taken.Close()
			wantMistake(t, c.start(t, 1), 1, taken.Addr().String(), "--"+name)
		})
	}
}

func TestDataDirectory(t *testing.T) {
	c := newCluster(t)
	first := c.start(t, 1)
	c.awaitReady(t, 1)

	t.Run("in use", func(t *testing.T) {
		second := newCluster(t)
		wantMistake(t, second.start(t, 1, "--data-dir", filepath.Join(c.data, "node1")), 1, "node1", "in use")
		c.awaitReady(t, 1) // the first one did not notice
	})
	stop(t, first)
	t.Run("of another node", func(t *testing.T) {
		wantMistake(t, c.start(t, 2, "--data-dir", filepath.Join(c.data, "node1")), 1, "node1", "node2")
	})
	t.Run("emptied", func(t *testing.T) {
		if err := os.Truncate(filepath.Join(c.data, "node1", "raft.db"), 0); err != nil {
			t.Fatal(err)
		}
		wantMistake(t, c.start(t, 1), 1, "raft.db")
	})
}

// TestCheckoutOfAnotherUser builds where git refuses to say anything, from a
// program that is quick to build.
func TestCheckoutOfAnotherUser(t *testing.T) {
	checkout, bin := t.TempDir(), t.TempDir()
	script, err := os.ReadFile(filepath.Join(root, "run.sh"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		filepath.Join(checkout, "run.sh"):       string(script),
		filepath.Join(checkout, "go.mod"):       "module tocsin\n",
		filepath.Join(checkout, "main.go"):      "package main\n\nfunc main() { println(\"built\") }\n",
		filepath.Join(checkout, ".git", "HEAD"): "ref: refs/heads/main\n",
		filepath.Join(bin, "git"):               "#!/bin/sh\necho fatal: dubious ownership >&2\nexit 128\n",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	p := launch(t, t, checkout, []string{
		"TOCSIN_BUILD=" + t.TempDir(), "GOFLAGS=-buildvcs=auto", "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"),
	}, "1")
	if code := p.exitCode(t, 2*time.Minute); code != 0 || !strings.Contains(p.output.String(), "built") {
		t.Errorf("run.sh ended with %d", code)
	}
}

// TestDeadBuilder leaves the lock of a build that was killed.
func TestDeadBuilder(t *testing.T) {
	build := t.TempDir()
	if err := os.Symlink("4194305", filepath.Join(build, "lock")); err != nil { // above every process id
		t.Fatal(err)
	}
	p := runSH(t, []string{"TOCSIN_BUILD=" + build}, "1", "--help")
	if code := p.exitCode(t, 2*time.Minute); code != 0 {
		t.Errorf("run.sh ended with %d", code)
	}
	left, err := os.ReadDir(build)
	if err != nil || len(left) != 1 || left[0].Name() != "tocsin" {
		t.Errorf("the build left %v, %v; want the binary alone", left, err)
	}
}

// TestInterruptedStart ends a node that has nobody to join yet.
func TestInterruptedStart(t *testing.T) {
	c := newCluster(t)
	p := c.start(t, 2)
	eventually(t, 2*time.Minute, func(ctx context.Context) error {
		_, _, err := fetch(ctx, c.http(2), "/livez")
		return err
	})
	stop(t, p)
}
