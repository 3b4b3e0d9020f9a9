//go:build unix

package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/pki"
)

// TestSecretsStayWhereTheyAre starts a node that has secrets of every kind, makes
// mistakes with all of them, and then looks for them in whatever leaves the node:
// its log, what commands print, what the API answers, the archive for a bug report,
// and what scripts are given.
func TestSecretsStayWhereTheyAre(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "tocsin")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = root
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	in := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
	var told bytes.Buffer // all that commands print
	run := func(env []string, args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Dir, cmd.Env = dir, environment(append([]string{"TOCSIN_CLIENT=" + in("cluster", "operator", "client.yaml")}, env...))
		var complaints bytes.Buffer
		cmd.Stderr = &complaints
		text, err := cmd.Output()
		fmt.Fprintf(&told, "$ tocsin %s\n%s%s", strings.Join(args, " "), text, complaints.Bytes())
		if err != nil {
			err = fmt.Errorf("%w: %s", err, complaints.Bytes())
		}
		return string(text), err
	}
	must := func(args ...string) string {
		t.Helper()
		text, err := run(nil, args...)
		if err != nil {
			t.Fatalf("tocsin %s: %v: %s", strings.Join(args, " "), err, text)
		}
		return text
	}
	write := func(text string, mode os.FileMode, at ...string) string {
		t.Helper()
		path := in(at...)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}

	address := fmt.Sprintf("127.0.0.1:%d", freePorts(t))
	must("init", "cluster", "--nodes", "paris/a="+address)
	rootToken := strings.TrimSpace(must("token", "create", "root", "--role", "admin", "--to", in("first-tokens")))
	joinToken := strings.TrimSpace(must("token", "create", "nodes", "--role", "join", "--to", in("first-tokens")))
	write(rootToken, 0o600, "root.token")
	write(joinToken, 0o600, "join.token")
	told.Reset() // what was made there was to be seen
	// The scripts tell what they are given: arguments and environment, and those of
	// the agent as far as anybody can see them.
	tell := "#!/bin/sh\n{ echo \"$0 $*\"; env; tr '\\0' '\\n' </proc/$PPID/cmdline; ls -l /proc/self/fd; cat; } >>'" + in("given") + "' 2>&1\n"
	write(tell+"echo UP\n", 0o755, "scripts", "verify.sh")
	write(tell, 0o755, "scripts", "notify.sh")

	log := &buffer{}
	agent := exec.Command(program, "agent", "--config", in("cluster", "nodes", "a", "tocsin.yaml"), "--scripts", in("scripts"), "--auth", "on",
		"--bootstrap-token-file", in("first-tokens"), "--peer-token-file", in("join.token"), "--audit-log", in("audit.log"), "--log-level", "debug", "--pprof")
	agent.Dir, agent.Env, agent.Stdout, agent.Stderr, agent.SysProcAttr = dir, environment([]string{"TOCSIN_TOKEN=" + rootToken}), log, log, diesWithUs()
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = agent.Process.Signal(syscall.SIGTERM)
		if err := agent.Wait(); err != nil {
			t.Errorf("the agent: %v", err)
		}
		if t.Failed() {
			t.Logf("the agent printed:\n%s", tail(log.String(), 40))
		}
	})
	eventually(t, time.Minute, func(context.Context) error { _, err := run(nil, "set", "here", "v"); return err })
	must("check", "here")

	// Mistakes with each of the secrets.
	keyOf := func(at ...string) string { return in(append([]string{"cluster"}, at...)...) }
	mistaken := strings.TrimSuffix(rootToken, rootToken[len(rootToken)-4:]) + "aaaa"
	for _, args := range [][]string{
		{"status", "--token-file", keyOf("ca", "ca.key")},
		{"status", "--token-file", keyOf("nodes", "a", "keyring", "gossip.key")},
		{"status", "--cert", in("root.token"), "--cert-key", keyOf("ca", "ca.key")},
		{"status", "--ca", keyOf("nodes", "a", "tls", "tls.key")},
		{"tls", "show", keyOf("ca", "ca.key")},
		{"tls", "show", in("root.token")},
		{"endpoint", "apply", in("root.token")},
		{"endpoint", "apply", keyOf("ca", "ca.key")},
		{"snapshot", "inspect", in("root.token")},
		{"validate", in("root.token")},
		{"validate", keyOf("ca", "ca.key")},
		{"validate", keyOf("nodes", "a", "keyring", "gossip.key")},
		{"agent", "--config", in("root.token")},
		{"agent", "--node", "b", "--peer-token-file", keyOf("ca", "ca.key"), "--scripts", in("scripts"), "--data-dir", in("b1")},
		{"agent", "--node", "b", "--gossip-key-file", in("join.token"), "--scripts", in("scripts"), "--data-dir", in("b2")},
		{"agent", "--node", "b", "--bootstrap-token-file", in("root.token"), "--scripts", in("scripts"), "--data-dir", in("b3")},
		{"agent", "--node", "b", "--tls", keyOf("ca"), "--scripts", in("scripts"), "--data-dir", in("b4")},
	} {
		if text, err := run(nil, args...); err == nil {
			t.Errorf("tocsin %s: no mistake: %s", strings.Join(args, " "), text)
		}
	}
	_, _ = run([]string{"TOCSIN_TOKEN=" + mistaken}, "token", "list")
	_, _ = run([]string{"TOCSIN_TOKEN=" + joinToken}, "set", "there", "v")
	_, _ = run([]string{"TOCSIN_TOKEN=" + strings.ToUpper(rootToken)}, "token", "list")

	// And then what the node tells to those who may ask.
	for _, args := range [][]string{
		{"status"},
		{"status", "-o", "json"},
		{"token", "list"},
		{"token", "list", "-o", "json"},
		{"config", "show"},
		{"members"},
		{"cluster"},
		{"why", "here"},
		{"doctor"},
		{"doctor", "--config", keyOf("nodes", "a", "tocsin.yaml")},
		{"settings", "get"},
		{"endpoint", "export"},
		{"events"},
		{"debug", "--file", in("debug.tar.gz")},
		{"snapshot", "save", in("snapshot")},
	} {
		_, _ = run(nil, args...) // not all of them find all well
	}
	eventually(t, 30*time.Second, func(context.Context) error { _, err := os.Stat(in("given")); return err })

	secrets := map[string]string{"the admin's token": rootToken, "the token to join": joinToken}
	for what, at := range map[string]string{"the CA's key": keyOf("ca", "ca.key"), "the node's key": keyOf("nodes", "a", "tls", "tls.key"), "the operator's key": keyOf("operator", "tls.key")} {
		block, _ := pem.Decode(read(t, at))
		if block == nil {
			t.Fatalf("%s: there is no key in it", at)
		}
		secrets[what] = base64.StdEncoding.EncodeToString(block.Bytes[len(block.Bytes)/2:])[4:40]
	}
	for line := range strings.Lines(string(read(t, keyOf("nodes", "a", "keyring", "gossip.key")))) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			secrets["the key of the gossip"] = line
		}
	}
	archive, err := gzip.NewReader(bytes.NewReader(read(t, in("debug.tar.gz"))))
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(archive)
	if err != nil {
		t.Fatal(err)
	}
	places := map[string][]byte{
		"the raw answers": rawAnswers(t, address, pki.FilesIn(keyOf("operator")), "here"),
		"the log":         []byte(log.String()), "the audit log": read(t, in("audit.log")), "what commands print": told.Bytes(), "the archive": unpacked,
		"what scripts are given": read(t, in("given")), "the snapshot": read(t, in("snapshot")),
	}
	for where, text := range places {
		if len(text) < 100 {
			t.Errorf("there is next to nothing in %s: this shows nothing", where)
		}
	}
	seed := bytes.TrimSpace(read(t, keyOf("nodes", "a", "data", "ballot.key")))
	forms := map[string][]byte{
		"the ballot key": seed, "the ballot key in hex": []byte(hex.EncodeToString(seed)), "the ballot key in base64": []byte(base64.StdEncoding.EncodeToString(seed)),
	}
	for what, secret := range secrets {
		forms[what] = []byte(secret)
		if parts := strings.Split(secret, "_"); len(parts) == 3 {
			forms["the secret part of "+what] = []byte(parts[2][:20])
			forms["the secret part in capitals of "+what] = []byte(strings.ToUpper(parts[2][:20]))
		}
	}
	for what, secret := range forms {
		for where, text := range places {
			if at := bytes.Index(text, secret); at >= 0 {
				t.Errorf("%s stands in %s: …%q", what, where, text[max(0, at-200):at])
			}
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
