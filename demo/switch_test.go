//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machine furnishes a node's folder, whose name is one that a shell minds.
func machine(t *testing.T) *agent {
	t.Helper()
	n := &agent{name: "node1", dir: filepath.Join(t.TempDir(), "a user's $HOME")}
	n.client = client{config: filepath.Join(n.dir, "client.conf"), log: filepath.Join(n.dir, "switch.log")}
	if err := n.furnish("127.0.0.1:1", "127.0.0.1:2"); err != nil {
		t.Fatal(err)
	}
	return n
}

// runSwitch runs switch.sh for an event, as an agent does.
func runSwitch(n *agent, event int, status string) (out string, err error) {
	cmd := exec.Command(filepath.Join(n.scripts(), "switch.sh"), "follower", "shop", "http://127.0.0.1:1/health", status)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), fmt.Sprintf("TOCSIN_EVENT_ID=%d", event)}
	text, err := cmd.CombinedOutput()
	return string(text), err
}

func TestSwitch(t *testing.T) {
	n := machine(t)
	steps := []struct {
		event  int
		status string
		want   string // the backend afterwards
	}{
		{10, "DOWN", "127.0.0.1:2"},
		{10, "DOWN", "127.0.0.1:2"}, // run again, because the node died in the middle of it
		{20, "UP", "127.0.0.1:1"},
		{10, "DOWN", "127.0.0.1:1"}, // late: what is newer stands
		{30, "DOWN", "127.0.0.1:2"},
	}
	for _, step := range steps {
		out, err := runSwitch(n, step.event, step.status)
		if err != nil {
			t.Fatalf("event %d, %s: %v: %s", step.event, step.status, err, out)
		}
		if got, err := n.client.backend(); err != nil || got != step.want {
			t.Errorf("after event %d, %s: the backend is %q, %v; want %s", step.event, step.status, got, err, step.want)
		}
	}
	acted, err := n.client.acted()
	if err != nil || len(acted) != 4 {
		t.Errorf("it acted on %q, %v; want all but the late one", acted, err)
	}
	left, err := filepath.Glob(n.client.config + ".*")
	if err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

func TestSwitchWithoutAFile(t *testing.T) {
	n := machine(t)
	if err := os.Remove(n.client.config); err != nil {
		t.Fatal(err)
	}
	if out, err := runSwitch(n, 10, "DOWN"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got, err := n.client.backend(); err != nil || got != "127.0.0.1:2" {
		t.Errorf("the backend is %q, %v", got, err)
	}
}

func TestSwitchRefusesAnotherWord(t *testing.T) {
	n := machine(t)
	out, err := runSwitch(n, 10, "SIDEWAYS")
	if err == nil || !strings.Contains(out, "SIDEWAYS") {
		t.Errorf("%v: %s; want a refusal that quotes the word", err, out)
	}
	if got, err := n.client.backend(); err != nil || got != "127.0.0.1:1" {
		t.Errorf("the backend is %q, %v; want the one from before", got, err)
	}
}
