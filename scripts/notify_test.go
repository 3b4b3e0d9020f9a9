package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"tocsin/script"
)

func TestNotify_WritesALineAndKnowsItsRole(t *testing.T) {
	log := filepath.Join(t.TempDir(), "notify.log")
	for _, test := range []struct{ role, says string }{{"leader", "as the leader"}, {"follower", "as a follower"}} {
		r := notify(t, log, test.role, "key", "7")
		if r.ExitCode != 0 || !strings.Contains(r.Stdout, test.says) {
			t.Errorf("notify.sh %s: %+v, want %q", test.role, r, test.says)
		}
	}
	lines := logged(t, log)
	if len(lines) != 2 || !strings.Contains(lines[0], "event=7 node=node1 role=leader status=DOWN attempt=1 key=key value=a  value") {
		t.Errorf("the log holds %q, want a line for each run", lines)
	}
}

func TestNotify_RefusesWhatIsOlder(t *testing.T) {
	log := filepath.Join(t.TempDir(), "notify.log")
	for _, step := range []struct {
		key, event string
		acts       bool
	}{
		{"key", "9", true},
		{"key", "8", false},
		{"key", "9", true},    // a second attempt, or a new leader
		{"key", "10", true},   // a number, not a text
		{"key", "9", false},   // and the fence has moved
		{"other", "3", true},  // each key has its own
		{"../key", "4", true}, // whatever it is called
		{"", "4", true},
		{strings.Repeat("\u00e9/ ", 128), "12", true}, // 512 bytes, the longest there is
		{strings.Repeat("\u00e9/ ", 128), "11", false},
		{strings.Repeat("\u00e9/ ", 127), "11", true},
	} {
		before := len(logged(t, log))
		r := notify(t, log, "leader", step.key, step.event)
		acted := len(logged(t, log)) > before
		if r.ExitCode != 0 || acted != step.acts || strings.HasPrefix(r.Stdout, "refused") == step.acts {
			t.Errorf("event %s of %.20q: acted %v, want %v (%+v)", step.event, step.key, acted, step.acts, r)
		}
	}
}

// Ids begin again at the bottom in a cluster that is founded anew.
func TestNotify_AnotherClusterIsAnotherFence(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "notify.log")
	for _, step := range []struct {
		cluster, event string
		acts           bool
	}{
		{"ONE", "90", true},
		{"TWO", "4", true},
		{"TWO", "3", false},
		{"ONE", "89", false}, // what was remembered of it is left alone
	} {
		before := len(logged(t, log))
		r := run(t, "notify.sh", []string{
			"SCRIPT_NOTIFY_LOG=" + log, "SCRIPT_STATE_DIR=" + dir, "TOCSIN_NODE=node1",
			"TOCSIN_EVENT_ID=" + step.event, "TOCSIN_CLUSTER=" + step.cluster,
		}, "leader", "key", "value", "DOWN")
		if acted := len(logged(t, log)) > before; r.ExitCode != 0 || acted != step.acts {
			t.Errorf("event %s of %s: acted %v, want %v (%+v)", step.event, step.cluster, acted, step.acts, r)
		}
	}
}

// However the runs of two events meet, nothing old is acted upon after the new.
func TestNotify_SideBySide(t *testing.T) {
	only(t, "flock")
	log := filepath.Join(t.TempDir(), "notify.log")
	var running sync.WaitGroup
	for _, event := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
		running.Go(func() {
			if r := notify(t, log, "follower", "key", event); r.ExitCode != 0 {
				t.Errorf("event %s: %+v, want exit code 0", event, r)
			}
		})
	}
	running.Wait()
	last := ""
	for _, line := range logged(t, log) {
		_, event, _ := strings.Cut(line, "event=")
		if event = event[:1]; event < last {
			t.Errorf("event %s was acted upon after %s", event, last)
		}
		last = event
	}
	if last != "8" {
		t.Errorf("the last event acted upon is %q, want 8", last)
	}
}

// What hangs on after a run must not keep the lock, or no later run of the same
// key would get it. Here that is something that date leaves behind.
func TestNotify_AnOrphanBlocksNobody(t *testing.T) {
	for _, tool := range []string{"setsid", "flock"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s on this machine", tool)
		}
	}
	dir := t.TempDir()
	orphan := filepath.Join(dir, "orphan")
	fake := "#!/bin/sh\nsetsid sleep 60 </dev/null >/dev/null 2>&1 &\necho \"$!\" >>" + orphan + "\necho now\n"
	if err := os.WriteFile(filepath.Join(dir, "date"), []byte(fake), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, line := range logged(t, orphan) {
			if pid, err := strconv.Atoi(line); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	log := filepath.Join(dir, "notify.log")
	for _, event := range []string{"1", "2"} {
		if r := notify(t, log, "leader", "key", event); r.ExitCode != 0 {
			t.Errorf("event %s: %+v, want exit code 0", event, r)
		}
	}
	if n := len(logged(t, orphan)); n != 2 {
		t.Errorf("%d orphans, so nothing was tried", n)
	}
}

func TestNotify_ExitCodes(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "notify.log")
	in := func(path string) []string {
		return []string{"SCRIPT_NOTIFY_LOG=" + path, "SCRIPT_STATE_DIR=" + filepath.Dir(path)}
	}
	args := []string{"leader", "key", "value", "UP"}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		what string
		env  []string
		args []string
		want int
	}{
		{"by hand, without an event", in(log), args, 0},
		{"too few arguments", in(log), args[:3], 2},
		{"an unknown role", in(log), []string{"king", "key", "value", "UP"}, 2},
		{"an event that is no number", append(in(log), "TOCSIN_EVENT_ID=x"), args, 2},
		{"a log that can't be written", in(filepath.Join(dir, "file", "log")), args, 1},
		{"a fence that can't be made", append(in(filepath.Join(dir, "file", "log")), "TOCSIN_EVENT_ID=1"), args, 1},
	} {
		r := run(t, "notify.sh", test.env, test.args...)
		if r.ExitCode != test.want || strings.Contains(r.Stderr, "notify.sh: ") != (test.want != 0) {
			t.Errorf("%s: %+v, want exit code %d and, unless it is 0, words on standard error", test.what, r, test.want)
		}
	}
}

func TestNotify_KeepsItsLogToItself(t *testing.T) {
	tmp := t.TempDir()
	env := []string{"TMPDIR=" + tmp, "TOCSIN_NODE=node1", "TOCSIN_EVENT_ID=1"}
	r := run(t, "notify.sh", env, "leader", "key", "value", "UP")
	logs, err := filepath.Glob(filepath.Join(tmp, "tocsin-*", "notify-node1.log"))
	if err != nil || len(logs) != 1 || r.ExitCode != 0 {
		t.Fatalf("logs %q, %v, %+v, want one in a folder of its own", logs, err, r)
	}
	folder := filepath.Dir(logs[0])
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v, want it closed to others", info, err)
	}

	// A link that somebody else put there first must not be followed.
	if err := os.Rename(folder, folder+".moved"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(folder+".moved", folder); err != nil {
		t.Fatal(err)
	}
	if r := run(t, "notify.sh", env, "leader", "key", "value", "UP"); r.ExitCode != 1 {
		t.Errorf("through a link: %+v, want it refused with exit code 1", r)
	}
}

func notify(t *testing.T, log, role, key, event string) script.Result {
	t.Helper()
	env := []string{"SCRIPT_NOTIFY_LOG=" + log, "SCRIPT_STATE_DIR=" + filepath.Dir(log), "TOCSIN_EVENT_ID=" + event, "TOCSIN_NODE=node1"}
	return run(t, "notify.sh", env, role, key, "a  value", "DOWN")
}

func logged(t *testing.T, log string) []string {
	t.Helper()
	text, err := os.ReadFile(log)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}
