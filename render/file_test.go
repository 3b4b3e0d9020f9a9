package render

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// service is something that reads a file when it is told to, and refuses what is
// bad, as a web server does.
type service struct {
	t   *testing.T
	dir string
	Job
}

func newService(t *testing.T, old string) *service {
	t.Helper()
	s := &service{t: t, dir: t.TempDir()}
	file := filepath.Join(s.dir, "conf", "file")
	s.script("reload", `if [ -e `+s.dir+`/dead ] || grep -q bad `+file+`; then echo "no good" >&2; exit 5; fi
echo >>`+s.dir+`/reloads
if [ -e `+file+` ]; then cp `+file+` `+s.dir+`/seen; else rm -f `+s.dir+`/seen; fi`)
	s.script("check", `! grep -q unchecked "$1"`)
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if old != "" {
		s.write(file, old)
		s.write(filepath.Join(s.dir, "seen"), old)
	}
	s.Job = Job{
		Text: []byte("new\n"), File: file, Mode: 0o640, Timeout: 20 * time.Second,
		Reload: []string{filepath.Join(s.dir, "reload")}, Check: []string{filepath.Join(s.dir, "check"), "{}"},
	}
	return s
}

func (s *service) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *service) script(name, body string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
		s.t.Fatal(err)
	}
}

// text returns what stands in a file, "" if it is not there.
func (s *service) text(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return string(text)
}

// expect says what file and service have to hold, and that nothing is left but
// what is remembered.
func (s *service) expect(what, file string) {
	s.t.Helper()
	if got := s.text(s.File); got != file {
		s.t.Errorf("%s: the file holds %q, want %q", what, got, file)
	}
	if got := s.text(filepath.Join(s.dir, "seen")); got != file {
		s.t.Errorf("%s: the service has read %q, want %q", what, got, file)
	}
	entries, err := os.ReadDir(filepath.Dir(s.File))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != "file" && name != ".file.tocsin" {
			s.t.Errorf("%s: %s is left", what, name)
		}
	}
}

func (s *service) reloads() int { return strings.Count(s.text(filepath.Join(s.dir, "reloads")), "\n") }

func TestDo(t *testing.T) {
	s := newService(t, "old\n")
	if r, err := Do(t.Context(), s.Job); err != nil || !r.Replaced || !r.Reloaded || !strings.Contains(r.Diff, "-old\n+new\n") {
		t.Errorf("%+v, %v", r, err)
	}
	s.expect("written", "new\n")
	if r, err := Do(t.Context(), s.Job); err != nil || r != (Report{}) || s.reloads() != 1 {
		t.Errorf("once more: %+v, %v, %d reloads", r, err, s.reloads())
	}
	s.Text = []byte(" \n")
	if _, err := Do(t.Context(), s.Job); !hopeless(err) {
		t.Errorf("an empty text: %v", err)
	}
	s.Text = []byte("unchecked")
	if _, err := Do(t.Context(), s.Job); err == nil || hopeless(err) || !strings.Contains(err.Error(), "check exited with 1") {
		t.Errorf("a text that the check refuses: %v", err)
	}
	s.Check = []string{"/does/not/exist"}
	if _, err := Do(t.Context(), s.Job); err == nil {
		t.Error("a check that is not there lets all pass")
	}
	s.expect("refused", "new\n")
	s.Text, s.Check, s.DryRun = []byte("dry\n"), nil, true
	if r, err := Do(t.Context(), s.Job); err != nil || r.Replaced || !strings.Contains(r.Diff, "+dry") {
		t.Errorf("dry: %+v, %v", r, err)
	}
	s.expect("dry", "new\n")
	s.DryRun, s.Reload = false, nil
	if r, err := Do(t.Context(), s.Job); err != nil || !r.Replaced || r.Reloaded || s.text(s.File) != "dry\n" {
		t.Errorf("without a reload: %+v, %v", r, err)
	}
}

func hopeless(err error) bool {
	_, is := errors.AsType[GiveUp](err)
	return is
}

func TestDo_KeepsOwnerAndMode(t *testing.T) {
	s := newService(t, "old\n")
	if err := os.Chmod(s.File, 0o604); err != nil {
		t.Fatal(err)
	}
	owner := uint32(os.Getuid())
	if owner == 0 {
		owner = 54321
		if err := os.Chown(s.File, 54321, 54322); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(s.dir, "link")
	if err := os.Symlink(s.File, link); err != nil {
		t.Fatal(err)
	}
	file := s.File
	s.File = link
	if _, err := Do(t.Context(), s.Job); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(link); err != nil || to != file {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	s.File = file
	s.expect("through a link", "new\n")
	info, err := os.Stat(file)
	if err != nil || info.Mode() != 0o604 || info.Sys().(*syscall.Stat_t).Uid != owner {
		t.Errorf("%v of %+v, %v", info.Mode(), info.Sys(), err)
	}
	s.File = filepath.Join(s.dir, "another")
	if _, err := Do(t.Context(), s.Job); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(s.File); err != nil || info.Mode() != 0o640 {
		t.Errorf("a file that was not there: %v, %v", info, err)
	}
}

// What belongs to somebody else can't be kept so by anybody but root, and is then
// left alone.
func TestDo_OfAnotherUser(t *testing.T) {
	const variable = "RENDER_TEST_FILE"
	if file := os.Getenv(variable); file != "" {
		_, err := Do(t.Context(), Job{Text: []byte("new\n"), File: file, Timeout: time.Second})
		fmt.Println("result:", err)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("only root can make a file of another user")
	}
	s := newService(t, "old\n")
	for _, dir := range []string{s.dir, filepath.Dir(s.File), filepath.Dir(s.dir)} {
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chown(s.File, 54321, 54321), os.Chmod(s.File, 0o644)); err != nil {
		t.Fatal(err)
	}
	us := filepath.Join(s.dir, "us") // where others may read it
	binary, err := os.ReadFile(os.Args[0])
	if err == nil {
		err = os.WriteFile(us, binary, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(us, "-test.run=^TestDo_OfAnotherUser$")
	c.Env = append(os.Environ(), variable+"="+s.File)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	text, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	out := string(text)
	if !strings.Contains(out, "belongs to user 54321") {
		t.Errorf("another user's file: %s", out)
	}
	if s.text(s.File) != "old\n" {
		t.Error("it was written all the same")
	}
}

func TestDo_PutsTheOldOneBack(t *testing.T) {
	s := newService(t, "old\n")
	before, err := os.Stat(s.File)
	if err != nil {
		t.Fatal(err)
	}
	s.Text, s.Event = []byte("bad\n"), 7
	r, err := Do(t.Context(), s.Job)
	if err == nil || r.Replaced || hopeless(err) || !strings.Contains(err.Error(), "reload exited with 5: no good") || !strings.Contains(err.Error(), "was reloaded") {
		t.Errorf("%+v, %v", r, err)
	}
	s.expect("bad", "old\n")
	if after, err := os.Stat(s.File); err != nil || !os.SameFile(before, after) {
		t.Errorf("it is another file, with the old text: %v", err)
	}
	// The event was not acted on: an older one that is good may come.
	s.Text, s.Event = []byte("new\n"), 6
	if r, err := Do(t.Context(), s.Job); err != nil || !r.Replaced {
		t.Errorf("afterwards: %+v, %v", r, err)
	}
	s.expect("good again", "new\n")

	s = newService(t, "")
	s.Text = []byte("bad\n")
	if _, err := Do(t.Context(), s.Job); err == nil {
		t.Error("no error")
	}
	s.expect("where there was none", "")

	// A service that can't be reloaded at all gets what it missed when it can.
	s = newService(t, "old\n")
	s.write(filepath.Join(s.dir, "dead"), "")
	if _, err := Do(t.Context(), s.Job); err == nil || !strings.Contains(err.Error(), "can't be reloaded either") {
		t.Errorf("a dead service: %v", err)
	}
	if err := os.Remove(filepath.Join(s.dir, "dead")); err != nil {
		t.Fatal(err)
	}
	s.Text = []byte("old\n")
	if r, err := Do(t.Context(), s.Job); err != nil || r.Replaced || !r.Reloaded {
		t.Errorf("alive again: %+v, %v", r, err)
	}
	s.write(filepath.Join(s.dir, "dead"), "")
	s.Text = []byte("other\n")
	for range 2 { // the second finds a reload pending, and no file kept
		if _, err := Do(t.Context(), s.Job); err == nil {
			t.Error("no error")
		}
		s.expect("dead twice", "old\n")
	}
}

func TestDo_Fence(t *testing.T) {
	s := newService(t, "old\n")
	for i, step := range []struct {
		event    uint64
		replaced bool
	}{{9, true}, {8, false}, {9, true}, {0, true}, {10, true}, {9, false}} {
		r, err := Do(t.Context(), s.with(fmt.Sprintf("text %d\n", i), step.event))
		if err != nil || r.Replaced != step.replaced || (r.Refused == "") != step.replaced {
			t.Errorf("event %d: %+v, %v", step.event, r, err)
		}
	}
}

// Ids begin again at the bottom in another cluster: its events are not older.
func TestDo_AnotherClusterIsAnotherFence(t *testing.T) {
	s := newService(t, "old\n")
	for i, step := range []struct {
		cluster  string
		event    uint64
		replaced bool
	}{{"ONE", 90, true}, {"ONE", 89, false}, {"", 0, true}, {"ONE", 89, false}, {"TWO", 4, true}, {"TWO", 3, false}} {
		j := s.with(fmt.Sprintf("text %d\n", i), step.event)
		j.Cluster = step.cluster
		if r, err := Do(t.Context(), j); err != nil || r.Replaced != step.replaced {
			t.Errorf("step %d, event %d of %s: %+v, %v", i, step.event, step.cluster, r, err)
		}
	}
}

func (s *service) with(text string, event uint64) Job {
	j := s.Job
	j.Text, j.Event = []byte(text), event
	return j
}

// A check without {} is of the file in its place, before anybody is told of it.
func TestDo_ChecksInPlace(t *testing.T) {
	s := newService(t, "old\n").checkedInPlace()
	if _, err := Do(t.Context(), s.with("bad\n", 7)); err == nil || hopeless(err) || !strings.HasSuffix(err.Error(), "file is as it was") || s.reloads() != 0 {
		t.Errorf("%v, and %d reloads of what was refused", err, s.reloads())
	}
	s.expect("refused", "old\n")
	if r, err := Do(t.Context(), s.with("new\n", 7)); err != nil || !r.Reloaded || s.reloads() != 1 {
		t.Errorf("%+v, %v, %d reloads", r, err, s.reloads())
	}
	s.expect("taken", "new\n")
	s.Reload = nil
	if r, err := Do(t.Context(), s.with("bad\n", 8)); err == nil || r.Replaced || s.text(s.File) != "new\n" {
		t.Errorf("without a reload: %+v, %v", r, err)
	}
}

func (s *service) checkedInPlace() *service {
	s.script("check", "! grep -q bad "+s.File)
	s.Check = []string{filepath.Join(s.dir, "check")}
	return s
}

// Wherever a run is cut short, the next one makes file and service agree.
func TestDo_CutShort(t *testing.T) {
	t.Run("checked before", func(t *testing.T) {
		cutEverywhere(t, func(old string) *service { return newService(t, old) })
	})
	t.Run("checked in place", func(t *testing.T) {
		cutEverywhere(t, func(old string) *service { return newService(t, old).checkedInPlace() })
	})
}

func cutEverywhere(t *testing.T, serve func(old string) *service) {
	steps := []string{"prepare", "check", "keep", "replace", "check in place", "reload", "restore", "restored", "done"}
	for _, old := range []string{"old\n", ""} {
		for _, first := range []string{"new\n", "bad\n"} {
			for _, second := range []string{"new\n", "bad\n", "old\n"} {
				for _, step := range steps {
					what := fmt.Sprintf("%q to %q at %s, then %q", old, first, step, second)
					s := serve(old)
					if !cutShort(t, s.with(first, 7), step) {
						continue // it doesn't come that way
					}
					_, err := Do(t.Context(), s.with(second, 7))
					if (err == nil) != (second != "bad\n") {
						t.Errorf("%s: %v", what, err)
					}
					// What was read well last: by the first run, if it came so far.
					want := second
					if second == "bad\n" {
						want = old
						if first == "new\n" && step == "done" {
							want = s.text(filepath.Join(s.dir, "seen"))
						}
					}
					s.expect(what, want)
				}
			}
		}
	}
}

// cutShort runs the job up to a step, and reports whether it came there.
func cutShort(t *testing.T, j Job, at string) (cut bool) {
	defer func() {
		if r := recover(); r != nil {
			cut = true
		}
	}()
	_, _ = do(t.Context(), j, func(step string) {
		if step == at {
			panic("cut short")
		}
	})
	return false
}

func TestDo_OneAtATime(t *testing.T) {
	s := newService(t, "old\n")
	s.script("reload", `mkdir `+s.dir+`/inside || exit 9; sleep 0.05; rmdir `+s.dir+`/inside`)
	var running sync.WaitGroup
	for i := range 8 {
		running.Go(func() {
			if _, err := Do(context.Background(), s.with(fmt.Sprintf("text %d\n", i), 0)); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()

	unlock, err := lock(t.Context(), filepath.Join(filepath.Dir(s.File), ".file.tocsin-lock"), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	s.Timeout = 50 * time.Millisecond
	if _, err := Do(t.Context(), s.Job); err == nil || hopeless(err) || !strings.Contains(err.Error(), "another run holds") {
		t.Errorf("while another one holds it: %v", err)
	}
}

func TestDo_Damage(t *testing.T) {
	s := newService(t, "old\n")
	s.write(filepath.Join(filepath.Dir(s.File), ".file.tocsin"), "{")
	if _, err := Do(t.Context(), s.Job); !hopeless(err) || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("a damaged memory: %v", err)
	}
	s = newService(t, "old\n")
	s.File = filepath.Dir(s.File)
	if _, err := Do(t.Context(), s.Job); !hopeless(err) {
		t.Errorf("a folder: %v", err)
	}
}

// TestDo_TouchesNothingElse: what others have put beside the file is theirs, and a
// dry run leaves the folder as it was.
func TestDo_TouchesNothingElse(t *testing.T) {
	s := newService(t, "old\n")
	beside := func(name string) string { return filepath.Join(filepath.Dir(s.File), name) }
	theirs := []string{".file2", ".file17", ".file.tocsin-new-x", ".file.tocsin-new-", "..file.tocsin5", ".file2.tocsin-new-1"}
	const left = ".file.tocsin-new-123" // by a run that was cut short
	for _, name := range append(theirs, left) {
		s.write(beside(name), "mine")
	}
	names := func() (all []string) {
		entries, err := os.ReadDir(filepath.Dir(s.File))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			all = append(all, e.Name())
		}
		return all
	}
	before := names()
	s.DryRun = true
	if r, err := Do(t.Context(), s.Job); err != nil || r.Replaced || r.Diff == "" {
		t.Errorf("dry: %+v, %v", r, err)
	}
	if after := names(); !slices.Equal(before, after) {
		t.Errorf("a dry run leaves %q of %q", after, before)
	}
	s.DryRun = false
	if _, err := Do(t.Context(), s.Job); err != nil {
		t.Error(err)
	}
	want := slices.DeleteFunc(append(before, ".file.tocsin"), func(name string) bool { return name == left })
	slices.Sort(want)
	if after := names(); !slices.Equal(want, after) {
		t.Errorf("a run leaves %q, want %q", after, want)
	}
}
