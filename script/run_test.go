package script_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tocsin/script"
)

// patience bounds every wait of these tests. It is no measure of anything: a
// busy machine may take its time, and only a hanging one comes near it.
const patience = 20 * time.Second

func TestRun_ReturnsWhatTheScriptSaid(t *testing.T) {
	path := write(t, "echo UP all is well\necho a warning >&2\nexit 3")
	r := script.Run(t.Context(), script.Command{Path: path})
	if r.Stdout != "UP all is well\n" || r.Stderr != "a warning\n" || r.ExitCode != 3 || r.Signal != "" {
		t.Errorf("Run = %+v, want both outputs and exit code 3", r)
	}
	if r.StartErr != nil || r.TimedOut || r.Interrupted || r.Truncated {
		t.Errorf("Run = %+v, want a run without a fault", r)
	}
	if r.Duration <= 0 {
		t.Errorf("Duration = %v, want the time it took", r.Duration)
	}
}

func TestRun_HandsOverArgumentsEnvironmentAndInputUntouched(t *testing.T) {
	t.Setenv("TOCSIN_SECRET", "ours")
	path := write(t, `printf '[%s]' "$#" "$1" "$2" "$WORD" "${TOCSIN_SECRET-none}" "$(cat)"`)
	r := script.Run(t.Context(), script.Command{
		Path:  path,
		Args:  []string{"; exit 9", "$(kill $$) `x` *"},
		Env:   []string{"PATH=" + os.Getenv("PATH"), "WORD=a  b"},
		Stdin: []byte(`{"id":7}`),
	})
	want := "[2][; exit 9][$(kill $$) `x` *][a  b][none][{\"id\":7}]"
	if r.Stdout != want {
		t.Errorf("the script saw %s, want %s (%+v)", r.Stdout, want, r)
	}
}

func TestRun_EmptyByDefault(t *testing.T) {
	t.Setenv("TOCSIN_SECRET", "ours")
	path := write(t, `read -r line; printf '[%s]' "$?" "$line" "${TOCSIN_SECRET-none}"`)
	r := script.Run(t.Context(), script.Command{Path: path})
	if r.Stdout != "[1][][none]" {
		t.Errorf("the script saw %s, want an empty input and an empty environment", r.Stdout)
	}
}

func TestRun_InputNobodyReads(t *testing.T) {
	path := write(t, "exec <&-\necho done")
	r := script.Run(t.Context(), script.Command{Path: path, Stdin: make([]byte, 1<<20)})
	if r.ExitCode != 0 || r.Stdout != "done\n" || r.StartErr != nil {
		t.Errorf("Run = %+v, want exit code 0: reading the input is up to the script", r)
	}
}

func TestRun_EndsOfAScript(t *testing.T) {
	for _, test := range []struct {
		name, body string
		code       int
		signal     string
	}{
		{"says nothing", "", 0, ""},
		{"prints UP and exits with 1", "echo UP; exit 1", 1, ""},
		{"crashes", "kill -SEGV $$", -1, syscall.SIGSEGV.String()},
		{"is killed", "kill -KILL $$", -1, syscall.SIGKILL.String()},
		{"runs what does not exist", "exec /does/not/exist", 127, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := script.Run(t.Context(), script.Command{Path: write(t, test.body)})
			if r.ExitCode != test.code || r.Signal != test.signal || r.StartErr != nil || r.TimedOut {
				t.Errorf("Run = %+v, want exit code %d and signal %q", r, test.code, test.signal)
			}
		})
	}
}

func TestRun_TellsAFailedStartFromAFailedScript(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		writeFile(t, path, text, mode)
		return path
	}
	for _, test := range []struct{ name, path, hint string }{
		{"missing", filepath.Join(dir, "nowhere.sh"), "put the script there"},
		{"not executable", file("plain.sh", "#!/bin/sh\n", 0o644), "chmod +x"},
		{"a directory", dir, "chmod +x"},
		{"no first line", file("bare.sh", "echo UP\n", 0o755), "#!/bin/sh"},
		{"no interpreter", file("exotic.sh", "#!/does/not/exist\n", 0o755), "interpreter"},
		{"written on Windows", file("crlf.sh", "#!/bin/sh\r\necho UP\r\n", 0o755), "carriage return"},
		{"a bare name", "true", "put the script there"}, // never looked up in PATH
	} {
		t.Run(test.name, func(t *testing.T) {
			r := script.Run(t.Context(), script.Command{Path: test.path})
			if r.StartErr == nil || r.ExitCode != -1 || r.Signal != "" || r.TimedOut || r.Interrupted {
				t.Fatalf("Run = %+v, want nothing but StartErr", r)
			}
			if !strings.Contains(r.StartErr.Error(), test.hint) {
				t.Errorf("StartErr = %q, want the remedy %q in it", r.StartErr, test.hint)
			}
		})
	}
}

func TestRun_BeingWrittenIsAFailedStart(t *testing.T) {
	path := write(t, "echo UP")
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := script.Run(t.Context(), script.Command{Path: path})
	if r.StartErr == nil {
		t.Skip("this system runs a file that is open for writing")
	}
	if !errors.Is(r.StartErr, syscall.ETXTBSY) || !strings.Contains(r.StartErr.Error(), "renaming") {
		t.Errorf("StartErr = %v, want to hear how to replace a script", r.StartErr)
	}
}

func TestRun_ReplacedWhileRunning(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "verify.sh")
	gate := filepath.Join(dir, "gate")
	writeFile(t, path, "#!/bin/sh\n: >"+gate+"\nwhile [ -e "+gate+" ]; do sleep 0.01; done\necho old\n", 0o755)

	var first script.Result
	var running sync.WaitGroup
	running.Go(func() { first = script.Run(t.Context(), script.Command{Path: path, Env: script.Environment()}) })
	eventually(t, "the old script runs", func() bool { return exists(gate) })

	next := filepath.Join(dir, "next.sh")
	writeFile(t, next, "#!/bin/sh\necho new\n", 0o755)
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
	second := script.Run(t.Context(), script.Command{Path: path})
	if err := os.Remove(gate); err != nil {
		t.Fatal(err)
	}
	running.Wait()
	if first.Stdout != "old\n" || second.Stdout != "new\n" {
		t.Errorf("outputs %q and %q, want the running one to end as it began and the next one to be new",
			first.Stdout, second.Stdout)
	}
}

func TestRun_DeadlineStopsTheScript(t *testing.T) {
	path := write(t, "echo begun; exec sleep 60")
	for _, test := range []struct {
		name    string
		timeout time.Duration
		ctx     func(t *testing.T) (context.Context, context.CancelFunc)
	}{
		{"the timeout", 50 * time.Millisecond, func(t *testing.T) (context.Context, context.CancelFunc) {
			return context.WithCancel(t.Context())
		}},
		{"the deadline of the context", 0, func(t *testing.T) (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), 50*time.Millisecond)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := test.ctx(t)
			defer cancel()
			r := script.Run(ctx, script.Command{Path: path, Timeout: test.timeout, Env: script.Environment()})
			if !r.TimedOut || r.Interrupted || r.ExitCode != -1 || r.Signal != syscall.SIGTERM.String() {
				t.Errorf("Run = %+v, want it timed out and ended by TERM", r)
			}
			if r.Duration < 50*time.Millisecond || r.Duration > patience {
				t.Errorf("Duration = %v, want the deadline and a little more", r.Duration)
			}
		})
	}
}

func TestRun_EndedContext(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("shutting down")
	cancel(why)
	r := script.Run(ctx, script.Command{Path: write(t, ": >"+mark)})
	if !errors.Is(r.StartErr, why) || !r.Interrupted || r.ExitCode != -1 {
		t.Errorf("Run = %+v, want it not even started, and why", r)
	}
	if exists(mark) {
		t.Error("the script was run")
	}
}

func TestRun_LetsTheScriptCleanUp(t *testing.T) {
	r := interrupt(t, time.Minute, `trap 'echo cleaned; exit 7' TERM`)
	if !r.Interrupted || r.TimedOut || r.ExitCode != 7 || !strings.HasSuffix(r.Stdout, "cleaned\n") {
		t.Errorf("Run = %+v, want it interrupted and cleaned up with exit code 7", r)
	}
}

func TestRun_KillsWhatIgnoresTerm(t *testing.T) {
	r := interrupt(t, 20*time.Millisecond, `trap '' TERM HUP INT`)
	if !r.Interrupted || r.Signal != syscall.SIGKILL.String() || r.ExitCode != -1 {
		t.Errorf("Run = %+v, want it killed after the grace", r)
	}
}

// interrupt runs a script that prepares itself and then never ends, and cancels
// the run once the preparation is done.
func interrupt(t *testing.T, grace time.Duration, preparation string) script.Result {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready")
	path := write(t, preparation+"\n: >"+ready+"\nwhile [ -e "+ready+" ]; do sleep 0.01; done")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	var r script.Result
	var running sync.WaitGroup
	running.Go(func() {
		r = script.Run(ctx, script.Command{Path: path, Env: script.Environment(), Grace: grace, Timeout: patience})
	})
	eventually(t, "the script is ready", func() bool { return exists(ready) })
	cancel()
	running.Wait()
	return r
}

func TestRun_SideBySide(t *testing.T) {
	path := write(t, `echo "$1"`)
	var running sync.WaitGroup
	for i := range 50 {
		running.Go(func() {
			word := strconv.Itoa(i)
			r := script.Run(t.Context(), script.Command{Path: path, Args: []string{word}})
			if r.Stdout != word+"\n" || r.ExitCode != 0 {
				t.Errorf("run %d: %+v", i, r)
			}
		})
	}
	running.Wait()
}

func BenchmarkRun(b *testing.B) {
	c := script.Command{Path: "/bin/true", Env: script.Environment(), Timeout: time.Minute}
	if !exists(c.Path) {
		c.Path = "/usr/bin/true"
	}
	b.ReportAllocs()
	for b.Loop() {
		if r := script.Run(b.Context(), c); r.ExitCode != 0 {
			b.Fatalf("Run = %+v", r)
		}
	}
}

// write makes a shell script of body and returns its path.
func write(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.sh")
	writeFile(t, path, "#!/bin/sh\n"+body+"\n", 0o755)
	return path
}

// writeFile writes under the fork lock: a child forked by another goroutine in
// the middle of it would hold the file open for writing a moment longer, and a
// file that is being written can't be run.
func writeFile(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// eventually waits until what holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still not so after %v: %s", patience, what)
		}
	}
}
