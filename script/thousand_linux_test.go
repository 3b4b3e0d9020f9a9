package script_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tocsin/script"
)

var eachFlag = flag.Int("each", 0, "how many runs of each misbehaving script; 0 means 1000, fewer under -short and -race")

// each returns how many runs of each kind there are to be.
func each() int {
	switch {
	case *eachFlag > 0:
		return *eachFlag
	case testing.Short():
		return 20
	case raceDetector:
		return 100
	}
	return 1000
}

// misbehavior is one kind of script that does not do what it should.
type misbehavior struct {
	name    string
	body    string
	timeout time.Duration // 0 means patience
	want    func(script.Result) bool
}

func misbehaviors() []misbehavior {
	const soon = 30 * time.Millisecond
	code := func(n int) func(script.Result) bool {
		return func(r script.Result) bool { return r.ExitCode == n && !r.TimedOut && r.StartErr == nil }
	}
	signalled := func(r script.Result) bool { return r.Signal != "" }
	late := func(r script.Result) bool { return r.TimedOut }
	return []misbehavior{
		{"hangs", "exec sleep 60", soon, late},
		{"ignores TERM", "trap '' TERM; while :; do sleep 60; done", soon, late},
		{"stops itself", "kill -STOP $$", soon, late},
		{"floods", "exec head -c 1048576 /dev/zero", 0, func(r script.Result) bool { return r.ExitCode == 0 && r.Truncated }},
		{"floods both outputs without end", "cat /dev/zero >&2 & exec cat /dev/zero", soon, late},
		{"prints no text", `printf '\377\376\000\001'`, 0, code(0)},
		{"prints no line feed", "printf UP", 0, func(r script.Result) bool { return r.Stdout == "UP" }},
		{"prints nothing", "exit 0", 0, code(0)},
		{"prints UP and fails", "echo UP; exit 1", 0, code(1)},
		{"crashes", "kill -SEGV $$", 0, signalled},
		{"is killed", "kill -KILL $$", 0, signalled},
		{"closes its outputs and hangs", "exec sleep 60 >&- 2>&-", soon, late},
		{"leaves a child that holds the pipe", "sleep 60 & exit 0", 0, code(0)},
		{"leaves a deaf grandchild that holds the pipe", "(trap '' TERM HUP; sleep 60 & sleep 60 &) & exit 0", 0, code(0)},
		{"leaves a daemon that holds the pipe for a while", "setsid sleep 0.1 & exit 0", 0, code(0)},
		{"forks without end", "trap '' TERM; while :; do sleep 60 & sleep 0.02; done", soon, late},
	}
}

// TestRun_SurvivesAThousandOfEach runs a thousand of each kind of script that
// misbehaves, many side by side, and then looks for anything that is left.
func TestRun_SurvivesAThousandOfEach(t *testing.T) {
	// Whatever comes of a script has this in its environment, wherever it went.
	mark := fmt.Sprintf("TOCSIN_TEST_MARK=%d.%d", os.Getpid(), time.Now().UnixNano())
	kinds := misbehaviors()
	run := func(rounds int) {
		for _, kind := range kinds {
			c := script.Command{
				Path: write(t, kind.body), Env: append(script.Environment(), mark), Grace: 10 * time.Millisecond,
				Timeout: kind.timeout, MaxOutput: 4 << 10,
			}
			if c.Timeout == 0 {
				c.Timeout = patience
			}
			var odd atomic.Pointer[script.Result]
			began := time.Now()
			sideBySide(rounds, func() {
				if r := script.Run(t.Context(), c); !kind.want(r) || len(r.Stdout)+len(r.Stderr) > 8<<10 {
					odd.CompareAndSwap(nil, &r)
				}
			})
			if r := odd.Load(); r != nil {
				t.Errorf("a script that %s ended so: %+v", kind.name, *r)
			}
			t.Logf("%d that %s: %v", rounds, kind.name, time.Since(began).Round(time.Millisecond))
		}
		for _, c := range []script.Command{{Path: "/does/not/exist"}, {Path: t.TempDir()}, {Path: notExecutable(t)}} {
			sideBySide(rounds, func() {
				if r := script.Run(t.Context(), c); r.StartErr == nil {
					t.Errorf("%s was started: %+v", c.Path, r)
				}
			})
		}
		runReplaced(t, rounds, mark)
	}
	run(sideways) // what the runtime makes once and keeps is there after this
	before := footprintOf()
	began := time.Now()
	run(each())
	t.Logf("%d of each: %v", each(), time.Since(began).Round(time.Millisecond))

	eventually(t, "no process is left", func() bool { return len(marked(t, mark)) == 0 })
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before.goroutines })
	after := footprintOf()
	if after.descriptors > before.descriptors {
		t.Errorf("%d descriptors are open, %d were before", after.descriptors, before.descriptors)
	}
	if grown := int64(after.heap) - int64(before.heap); grown > 1<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	if after.threads > before.threads+sideways {
		t.Errorf("there are %d threads, and were %d", after.threads, before.threads)
	}
	t.Logf("before %+v, after %+v", before, after)
	var status syscall.WaitStatus
	if pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("child %d is left (%v), want none", pid, err)
	}
}

// sideways is how many run side by side: mostly they wait.
const sideways = 32

func sideBySide(rounds int, do func()) {
	var running sync.WaitGroup
	var next atomic.Int64
	for range min(sideways, rounds) {
		running.Go(func() {
			for next.Add(1) <= int64(rounds) {
				do()
			}
		})
	}
	running.Wait()
}

// runReplaced runs a script that is replaced all the time, as a rollout does.
func runReplaced(t *testing.T, rounds int, mark string) {
	path := write(t, "echo one")
	ctx, stop := context.WithCancel(t.Context())
	var replacing sync.WaitGroup
	replacing.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			other := write(t, []string{"echo two", "echo three"}[n%2])
			if err := os.Rename(other, path); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Millisecond)
		}
	})
	sideBySide(rounds, func() {
		r := script.Run(t.Context(), script.Command{Path: path, Env: append(script.Environment(), mark)})
		if word := strings.TrimSpace(r.Stdout); word != "one" && word != "two" && word != "three" {
			t.Errorf("a script that was replaced ended so: %+v", r)
		}
	})
	stop()
	replacing.Wait()
}

func notExecutable(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// footprint is what a process takes of the machine.
type footprint struct {
	goroutines, descriptors, threads int
	heap                             uint64
}

func footprintOf() footprint {
	runtime.GC()
	runtime.GC() // what the first one let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f := footprint{goroutines: runtime.NumGoroutine(), descriptors: openDescriptors(), heap: m.HeapAlloc}
	if tasks, err := os.ReadDir("/proc/self/task"); err == nil {
		f.threads = len(tasks)
	}
	return f
}

// marked returns the processes that have mark in their environment and are not
// dead, whoever their parent is.
func marked(t *testing.T, mark string) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, path := range all {
		if environ, err := os.ReadFile(path); err == nil && bytes.Contains(environ, []byte(mark)) {
			left = append(left, filepath.Base(filepath.Dir(path)))
		}
	}
	return left
}
