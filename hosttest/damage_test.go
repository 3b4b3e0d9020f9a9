//go:build linux

package hosttest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/api"
)

// refusal is how long a node may take to refuse its data.
const refusal = 30 * time.Second

// advice is what a refusal says that a majority of the others can help with.
const advice = "tocsin recover quarantine --data-dir"

// damages are what can happen to the files of a node while it is down.
var damages = []struct {
	what string
	file string // in the data directory
	do   func(name string) error
	// says is what the refusal has to name, and what can be done. Where there is
	// nothing the node starts.
	says []string
}{
	{"the raft store is cut off", "raft.db", half, []string{"raft.db is damaged", advice}},
	{"the raft store is empty", "raft.db", func(name string) error { return os.Truncate(name, 0) }, []string{"raft.db is damaged", advice}},
	{"a bit of an entry is flipped", "raft.db", flip(`"register"`), []string{"raft.db is damaged", advice}},
	{"a bit of every page is flipped", "raft.db", flipPages, []string{"raft.db is damaged", advice}},
	{"the raft store is full of zeros", "raft.db", zero, []string{"raft.db is damaged", advice}},
	{"the raft store is gone", "raft.db", os.Remove, []string{"raft.db in it is missing", advice}},
	{"the ledger is torn", "ledger.db", half, []string{"ledger.db can't be trusted", "tocsin recover quarantine"}},
	{"the ledger is empty", "ledger.db", func(name string) error { return os.Truncate(name, 0) }, []string{"ledger.db can't be trusted", "tocsin recover quarantine"}},
	{"a bit of the ledger is flipped", "ledger.db", flip(`"cursor"`), []string{"ledger.db can't be trusted", "tocsin recover quarantine"}},
	{"the ledger is gone", "ledger.db", os.Remove, nil},
	{"the identity is empty", "identity.json", func(name string) error { return os.Truncate(name, 0) }, []string{"identity.json", advice}},
	{"the identity is gone", "identity.json", os.Remove, []string{"identity.json", advice}},
}

// TestDamage damages the files of a node that is down. It has to refuse them
// with an explanation, or to say what is missing, and to come back when what the
// explanation says is done.
func TestDamage(t *testing.T) {
	needHosts(t)
	c := start(t, Config{Nodes: 3, Endpoints: true, Seed: 1})
	n := c.nodes[2]
	for _, damage := range damages {
		ok := t.Run(damage.what, func(t *testing.T) {
			c.kill(n)
			if err := damage.do(filepath.Join(n.files(), damage.file)); err != nil {
				t.Fatal(err)
			}
			if len(damage.says) > 0 {
				l := refuses(t, c, n)
				wantWords(t, l.said(4), damage.says...)
				quarantine(t, n)
			}
			if err := c.start(n); err != nil {
				t.Fatal(err)
			}
			if err := c.Converged(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(damage.says) == 0 {
				wantWords(t, n.life().said(1000), `"level":"ERROR"`, "ledger")
			}
		})
		if !ok {
			return // the next one would begin with the ruins
		}
	}
	for _, what := range c.Trouble() {
		t.Error(what)
	}
}

// refuses starts a node that has to end at once without a panic, and without
// the others noticing.
func refuses(t *testing.T, c *Cluster, n *node, flags ...string) *life {
	t.Helper()
	l, err := c.launch(n, flags...)
	if err != nil {
		t.Fatal(err)
	}
	l.doomed.Store(true)
	select {
	case <-l.done:
	case <-time.After(refusal):
		_ = l.cmd.Process.Kill() // the test has failed
		<-l.done
		t.Fatalf("it runs on:\n%s", l.said(10))
	}
	if code := l.cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("it ended with %d", code)
	}
	if strings.Contains(l.said(1000), "goroutine ") {
		t.Errorf("it panicked:\n%s", l.said(1000))
	}
	for _, other := range c.nodes {
		var r api.Readiness
		if other == n || other.life() == l {
			continue
		}
		if err := other.get(t.Context(), "/readyz", &r); err != nil || !r.Ready {
			t.Errorf("%s is not ready: %v %q", other.name, err, r.Problems)
		}
	}
	return l
}

// quarantine does what the refusal says.
func quarantine(t *testing.T, n *node) {
	t.Helper()
	var said strings.Builder
	cmd := exec.Command(n.binary, "recover", "quarantine", "--data-dir", n.data(), "--node", n.name)
	cmd.Stdout, cmd.Stderr, cmd.Env = &said, &said, environment()
	if err := n.host.Start(cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("recover quarantine: %v: %s", err, said.String())
	}
	wantWords(t, said.String(), "set aside: ")
	n.fresh = true
}

func wantWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q does not say %q", text, word)
		}
	}
}

func half(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return os.Truncate(name, info.Size()/2)
}

func zero(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return errors.Join(os.Truncate(name, 0), os.Truncate(name, info.Size()))
}

// flip flips one bit of every record that holds some words.
func flip(words string) func(name string) error {
	return change(func(data []byte) bool {
		found := false
		for from := 0; ; {
			at := bytes.Index(data[from:], []byte(words))
			if at < 0 {
				return found
			}
			data[from+at+1] ^= 1
			from, found = from+at+1, true
		}
	})
}

func flipPages(name string) error {
	return change(func(data []byte) bool {
		for at := 10; at < len(data); at += os.Getpagesize() {
			data[at] ^= 0x10
		}
		return true
	})(name)
}

func change(how func(data []byte) bool) func(name string) error {
	return func(name string) error {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if !how(data) {
			return fs.ErrNotExist
		}
		return os.WriteFile(name, data, 0o600)
	}
}
