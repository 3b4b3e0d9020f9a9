package script

import (
	"errors"
	"io/fs"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"tocsin/account"
)

// TestBecome_NotByUs: a child of ours that changes its user before its exec stands
// in our memory, and who it then is can stop it there, and us.
func TestBecome_NotByUs(t *testing.T) {
	if _, err := exec.LookPath(launcher); err != nil {
		t.Skip(err)
	}
	u := &account.User{Name: "u", UID: 7, GID: 8, Groups: []uint32{9, 10}}
	cmd := prepare(Command{Path: "/s/it", Args: []string{"a", "--"}, User: u}, nil, nil)
	if err := become(u, cmd); err != nil {
		t.Fatal(err)
	}
	if cmd.SysProcAttr.Credential != nil {
		t.Error("the user is changed between fork and exec")
	}
	want := "tocsin-script-user --reuid=7 --regid=8 --groups=9,10 --inh-caps=-all --ambient-caps=-all --pdeathsig=KILL -- /s/it a --"
	if got := strings.Join(cmd.Args, " "); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if u.Groups = nil; !slices.Contains(launching(u), "--clear-groups") {
		t.Errorf("got %q, want the groups of the agent gone", launching(u))
	}
}

func TestBecome_WithoutLauncher(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	u := &account.User{Name: "u", UID: 7, GID: 8}
	if why := refused(u); !strings.Contains(why, "install the package util-linux") {
		t.Errorf("got %q, want what to install", why)
	}
}

func TestUnlaunched(t *testing.T) {
	c := Command{Path: "/s/it", User: &account.User{Name: "u", UID: 7}}
	for _, test := range []struct {
		name string
		r    Result
		want error // nil: it has run
	}{
		{"no script", Result{ExitCode: 127, Stderr: "tocsin-script-user: failed to execute /s/it: No such file or directory\n"}, fs.ErrNotExist},
		{"no right", Result{ExitCode: 126, Stderr: "tocsin-script-user: failed to execute /s/it: Permission denied\n"}, fs.ErrPermission},
		{"no room", Result{ExitCode: 126, Stderr: "tocsin-script-user: failed to execute /s/it: Resource temporarily unavailable\n"}, syscall.EAGAIN},
		{"no user", Result{ExitCode: 127, Stderr: "tocsin-script-user: setresuid failed: Operation not permitted\n"}, syscall.EPERM},
		{"script's answer", Result{ExitCode: 127, Stderr: "it: line 2: foo: command not found\n"}, nil},
		{"script's setpriv", Result{ExitCode: 127, Stderr: "setpriv: setresuid failed: Operation not permitted\n"}, nil},
		{"it went on", Result{ExitCode: 127, Stdout: "DOWN\n", Stderr: "tocsin-script-user: it: Permission denied\n"}, nil},
		{"it went well", Result{Stderr: "tocsin-script-user: it: Permission denied\n"}, nil},
	} {
		if err := unlaunched(c, test.r); (err == nil) != (test.want == nil) || !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
	old := Result{ExitCode: 1, Stderr: "tocsin-script-user: unrecognized option '--pdeathsig=KILL'\nTry 'setpriv --help' for more information.\n"}
	if err := unlaunched(c, old); err == nil {
		t.Error("a setpriv that is too old is taken for a script's answer")
	}
	if err := unlaunched(Command{Path: "/s/it"}, old); err != nil {
		t.Errorf("got %v, want a script of our own left alone", err)
	}
}
