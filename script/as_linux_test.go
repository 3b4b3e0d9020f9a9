package script_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tocsin/account"
	"tocsin/script"
)

// stranger is a user that no machine has a name for, and agent the one that a helper
// process with capabilities alone runs as.
const stranger, agent = 54321, 54320

func strangerUser() *account.User {
	return &account.User{Name: "stranger", UID: stranger, GID: stranger, Groups: []uint32{54322}, Home: "/home/stranger"}
}

// asStranger returns a directory with one script of that body, that runs as the
// stranger. Without the rights for it the test is skipped.
func asStranger(t *testing.T, body string) *script.Dir {
	t.Helper()
	plain, err := script.OpenDir(filepath.Dir(put(t, "it", body)))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := plain.As(strangerUser())
	if cant, ok := errors.AsType[script.CantSwitch](err); ok {
		t.Skipf("to run scripts as another user takes root: %v", cant)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// put writes a script into a folder of its own that everybody can enter, which none
// of t.TempDir is.
func put(t *testing.T, name, body string) (path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "tocsin-as-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path = filepath.Join(dir, name)
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755), os.Chmod(path, 0o755)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAs_ScriptHasWhatTheUserHasAndNoMore(t *testing.T) {
	key := filepath.Join(filepath.Dir(put(t, "nothing", "")), "key")
	if err := os.WriteFile(key, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", "/tmp")
	command, err := asStranger(t, `
		echo "$(id -u) $(id -g) $(id -G)"
		echo "$HOME $USER $LOGNAME ${TMPDIR-none} $(pwd)"
		echo $(grep -E 'Cap(Inh|Prm|Eff|Amb)' /proc/self/status)
		cat `+key+` 2>/dev/null || echo refused
		cat /dev/stdin
		echo said >/dev/stderr`).Command("it")
	if err != nil {
		t.Fatal(err)
	}
	command.Env, command.Stdin, command.Timeout = script.Environment(), []byte("told\n"), patience
	r := script.Run(t.Context(), command)
	want := strings.Join([]string{
		"54321 54321 54321 54322",
		"/home/stranger stranger stranger none /",
		"CapInh: 0000000000000000 CapPrm: 0000000000000000 CapEff: 0000000000000000 CapAmb: 0000000000000000",
		"refused", "told", "",
	}, "\n")
	if r.Stdout != want || r.Stderr != "said\n" || r.ExitCode != 0 {
		t.Errorf("got %+v, want\n%s", r, want)
	}
}

func TestAs_DeadlineEndsItsGrandchildren(t *testing.T) {
	command, err := asStranger(t, `trap '' TERM; (trap '' TERM; sleep 60) & echo $!; sleep 60 & echo $!; wait; sleep 60`).Command("it")
	if err != nil {
		t.Fatal(err)
	}
	command.Env, command.Timeout, command.Grace = script.Environment(), 500*time.Millisecond, 50*time.Millisecond
	r := script.Run(t.Context(), command)
	if !r.TimedOut || r.Signal != "killed" || r.Duration > patience {
		t.Errorf("got %+v, want it killed at its deadline", r)
	}
	children := strings.Fields(r.Stdout)
	if len(children) != 2 {
		t.Fatalf("got %+v, want two children", r)
	}
	for _, word := range children {
		child, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "the child is gone", func() bool { return gone(child) })
	}
}

func TestAs_Converses(t *testing.T) {
	command, err := asStranger(t, `while read -r line; do echo "$line $(id -u)"; done </dev/stdin`).Command("it")
	if err != nil {
		t.Fatal(err)
	}
	command.Env, command.Timeout = script.Environment(), patience
	say := make(chan []byte, 1)
	say <- []byte("hello\n")
	close(say)
	var heard []string
	r := script.Converse(t.Context(), command, say, func(line []byte) { heard = append(heard, string(line)) })
	if len(heard) != 1 || heard[0] != "hello 54321" {
		t.Errorf("heard %q, %+v", heard, r)
	}
}

func TestAs_RefusesWhoHasPowerOverUs(t *testing.T) {
	dir, err := script.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for says, u := range map[string]*account.User{
		"root, and the group":     {Name: "root", GID: 1},
		"the group of that name":  {Name: "guest", UID: stranger},
		"with its members":        {Name: "member", UID: stranger, GID: stranger, Groups: []uint32{54322, 0}},
		"runs as me (uid":         {Name: "me", UID: uint32(os.Geteuid()), GID: 1},
		"scripts are to be kept ": {Name: "toor", GID: stranger},
	} {
		if os.Geteuid() == 0 && u.Name == "me" {
			continue
		}
		if _, err := dir.As(u); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", u, err, says)
		}
	}
}

func TestAs_ScriptThatTheUserCannotRun(t *testing.T) {
	for body, spoil := range map[string]func(path string) error{
		"can't enter or run": func(path string) error { return os.Chmod(filepath.Dir(path), 0o700) },
		"can't read":         func(path string) error { return os.Chmod(path, 0o711) },
	} {
		dir := asStranger(t, "")
		path := filepath.Join(dir.Path(), "it")
		if err := spoil(path); err != nil {
			t.Fatal(err)
		}
		_, err := dir.Command("it")
		if err == nil || !strings.Contains(err.Error(), body) || !strings.Contains(err.Error(), "stranger (uid 54321)") {
			t.Errorf("got %v, want %q", err, body)
		}
	}
}

// TestAs_WithCapabilitiesAlone runs the tests above once more as a user who is not
// root, in a process that has no more than it takes, or less.
func TestAs_WithCapabilitiesAlone(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to give capabilities to a process takes root")
	}
	self := copyOfSelf(t)
	t.Run("enough", func(t *testing.T) {
		said := runCopy(t, self, "TestAs_(Script|Deadline|Converses|Refuses)", with(unix.CAP_SETUID, unix.CAP_SETGID, unix.CAP_KILL))
		if strings.Count(said, "--- PASS") != 6 || strings.Contains(said, "--- SKIP") {
			t.Error(said)
		}
	})
	for name, c := range map[string]struct {
		attributes *syscall.SysProcAttr
		says       string
	}{
		"none":           {with(), "it lacks CAP_SETUID, CAP_SETGID, CAP_KILL; start it as root"},
		"no kill":        {with(unix.CAP_SETUID, unix.CAP_SETGID), "it lacks CAP_KILL; start it as root"},
		"user namespace": {&syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: []syscall.SysProcIDMap{{Size: 1}}, GidMappings: []syscall.SysProcIDMap{{Size: 1}}, GidMappingsEnableSetgroups: true}, "its user namespace does not know that user"},
	} {
		t.Run(name, func(t *testing.T) {
			if said := runCopy(t, self, "TestAs_Converses", c.attributes); !strings.Contains(said, "--- SKIP") || !strings.Contains(said, c.says) {
				t.Errorf("want it to say %q:\n%s", c.says, said)
			}
		})
	}
}

// TestRun_HandsDownNoPowerOverOthers: an agent that may become anybody, and was given
// no user for its scripts, keeps that to itself. What else it was given they have.
func TestRun_HandsDownNoPowerOverOthers(t *testing.T) {
	switch os.Geteuid() {
	case 0:
		said := runCopy(t, copyOfSelf(t), "^"+t.Name()+"$", with(unix.CAP_SETUID, unix.CAP_SETGID, unix.CAP_KILL, unix.CAP_NET_RAW))
		if !strings.Contains(said, "--- PASS") {
			t.Error(said)
		}
	case agent:
		r := script.Run(t.Context(), script.Command{Path: put(t, "it", `echo $(grep -E 'Cap(Inh|Prm|Eff|Amb)' /proc/self/status)`), Env: script.Environment(), Timeout: patience})
		if want := "CapInh: 0000000000002000 CapPrm: 0000000000002000 CapEff: 0000000000002000 CapAmb: 0000000000002000\n"; r.Stdout != want {
			t.Errorf("got %+v, want CAP_NET_RAW alone", r)
		}
		if held := script.Powers(); len(held) != 3 {
			t.Errorf("the agent has %q left, want all of its own", held)
		}
	default:
		t.Skip("to give capabilities to a process takes root")
	}
}

// with is how an agent is started that is not root, and has those capabilities.
func with(bits ...uintptr) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: agent, Gid: agent}, AmbientCaps: bits}
}

// runCopy runs tests in a process that is started so, and returns what it says.
func runCopy(t *testing.T, self, test string, attributes *syscall.SysProcAttr) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.run="+test)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", []string{"PATH=" + os.Getenv("PATH")}, attributes
	said, _ := cmd.CombinedOutput() // what it says is what counts
	return string(said)
}

// copyOfSelf puts this test where everybody can run it.
func copyOfSelf(t *testing.T) (path string) {
	t.Helper()
	path = put(t, "copy", "")
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}
