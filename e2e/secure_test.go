//go:build unix

package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/access"
)

// TestSecureCluster runs the commands of docs/how-to/secure-cluster.md: a cluster
// with certificates, and then new ones without a restart.
func TestSecureCluster(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "tocsin")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = root
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if err := os.Symlink(filepath.Join(root, "scripts"), filepath.Join(dir, "scripts")); err != nil {
		t.Fatal(err)
	}
	port := freePorts(t)
	run := func(ctx context.Context, args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Dir, cmd.Env = dir, environment([]string{"TOCSIN_CLIENT=" + filepath.Join(dir, "cluster", "operator", "client.yaml")})
		text, err := cmd.CombinedOutput()
		return string(text), err
	}
	must := func(args ...string) string {
		t.Helper()
		text, err := run(t.Context(), args...)
		if err != nil {
			t.Fatalf("tocsin %s: %v: %s", strings.Join(args, " "), err, text)
		}
		return text
	}
	made := must("init", "cluster", "--sites", "paris,lyon,nice", "--nodes", fmt.Sprintf("a=127.0.0.1:%d,b=127.0.0.1:%d,c=127.0.0.1:%d", port, port+1, port+2))
	wantWords(t, made, "Each of the sites lyon, nice and paris may fail, one at a time.")
	for _, name := range []string{"a", "b", "c"} {
		agent := exec.Command(program, "agent", "--config", filepath.Join("cluster", "nodes", name, "tocsin.yaml"))
		log := &buffer{}
		agent.Dir, agent.Env, agent.Stdout, agent.Stderr, agent.SysProcAttr = dir, environment(nil), log, log, diesWithUs()
		if err := agent.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = agent.Process.Signal(syscall.SIGTERM)
			if err := agent.Wait(); err != nil {
				t.Errorf("node %s: %v", name, err)
			}
			if t.Failed() {
				t.Logf("node %s printed:\n%s", name, tail(log.String(), 40))
			}
		})
	}
	says := func(words string, args ...string) func(context.Context) error {
		return func(ctx context.Context) error {
			text, err := run(ctx, args...)
			if err == nil && !strings.Contains(text, words) {
				err = errors.New(text)
			}
			return err
		}
	}
	eventually(t, time.Minute, says("3 of 3 nodes heard", "status"))
	wantWords(t, must("members"), "paris", "lyon", "nice")
	must("set", "here", fmt.Sprintf("127.0.0.1:%d", port), "--check", "tcp")
	must("get", "here")

	// Strangers hear nothing but what they lack.
	writeFile(t, filepath.Join(dir, "empty.yaml"), "address: []\n")
	writeFile(t, filepath.Join(dir, "stranger.token"), access.NewToken().Reveal())
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"status", "--client", "empty.yaml", "--address", "http://" + address}, "speaks TLS"},
		{[]string{"status", "--client", "empty.yaml", "--address", "https://" + address}, "a CA that is not believed here"},
		{[]string{"status", "--client", "empty.yaml", "--address", address, "--ca", "cluster/ca/ca.crt"}, "--token-file"},
		{[]string{"status", "--client", "empty.yaml", "--address", address, "--ca", "cluster/ca/ca.crt", "--token-file", "stranger.token"}, "token"},
	} {
		if text, err := run(t.Context(), test.args...); err == nil || !strings.Contains(text, test.says) {
			t.Errorf("tocsin %s: %v, %q, want %q", strings.Join(test.args, " "), err, text, test.says)
		}
	}

	// Who has the admin's token and the CA works from elsewhere.
	token := regexp.MustCompile(`tocsin_[a-z2-7]{8}_[a-z2-7]{52}`).FindString(made)
	writeFile(t, filepath.Join(dir, "admin.token"), token)
	admin := []string{"--client", "empty.yaml", "--address", address, "--ca", "cluster/ca/ca.crt", "--token-file", "admin.token"}
	wantWords(t, must(append([]string{"token", "list"}, admin...)...), "admin", "nodes", "join")

	// The gossip key is changed, and nobody leaves.
	wantWords(t, must("keygen", "new.key"), "made the gossip key")
	wantWords(t, must(append([]string{"keyring", "install", "new.key"}, admin...)...), "is installed on all 3 nodes")
	keys := regexp.MustCompile(`[0-9a-f]{16}`).FindAllString(must("keyring", "list"), -1)
	if len(keys) != 2 {
		t.Fatalf("there are the keys %q", keys)
	}
	if text, err := run(t.Context(), "keyring", "remove", keys[0]); err == nil || !strings.Contains(text, "use another one first") {
		t.Errorf("the key in use is removed: %s", text)
	}
	wantWords(t, must("keyring", "use", keys[1]), "is used by all 3 nodes")
	wantWords(t, must("keyring", "remove", keys[0]), "is removed from all 3 nodes")
	wantWords(t, must("status"), "3 of 3 nodes heard")

	must("tls", "renew", "cluster", "--ca-dir", "cluster/ca", "--days", "700")
	eventually(t, 30*time.Second, says("3 of 3 nodes heard", "status"))
	must("set", "there", address, "--check", "tcp")
	wantWords(t, must("tls", "show", "cluster/nodes/a/tls"), "node a", "valid")
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// freePorts returns a port for which it, the next two, and those a thousand and two
// thousand above them are free.
func freePorts(t *testing.T) int {
	t.Helper()
	for range 100 {
		base, free := 12_000+rand.IntN(15_000), true
		for _, above := range []int{0, 1000, 2000} {
			for i := range 3 {
				l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", base+above+i))
				if err != nil {
					free = false
					continue
				}
				_ = l.Close()
			}
		}
		if free {
			return base
		}
	}
	t.Fatal("there are no free ports")
	return 0
}
