package stream_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/stream"
)

// misbehaving are scripts that do not do what they should. Each is asked three
// times before its room is closed.
var misbehaving = map[string]string{
	"hangs":                      "exec sleep 60",
	"ignores TERM":               "trap '' TERM; while :; do sleep 60; done",
	"stops itself":               "kill -STOP $$",
	"ends at once":               "exit 0",
	"ends with the first check":  "read -r line; exit 3",
	"crashes":                    "read -r line; kill -SEGV $$",
	"closes its input":           "exec <&-; exec sleep 60",
	"closes its outputs":         "exec >&- 2>&-; exec sleep 60",
	"babbles":                    "while :; do echo babble; done",
	"floods both outputs":        "cat /dev/zero >&2 & exec cat /dev/zero",
	"echoes what it is asked":    "exec cat",
	"answers what was not asked": `while :; do echo '{"id":9999,"status":"UP"}'; done`,
	"leaves children":            "sleep 60 & (trap '' TERM; sleep 60) & read -r line; exit 0",
	"forks without end":          "trap '' TERM; while :; do sleep 60 & sleep 0.02; done",
}

// TestRoom_LeavesNothingOfAThousand has a thousand rooms with scripts that
// misbehave, many side by side, and then looks for anything that is left.
func TestRoom_LeavesNothingOfAThousand(t *testing.T) {
	each := 72 // of fourteen kinds
	if testing.Short() || raceDetector {
		each = 3
	}
	mark := fmt.Sprintf("SCRIPT_STREAM_MARK=%d.%d", os.Getpid(), time.Now().UnixNano())
	name, value, _ := bytes.Cut([]byte(mark), []byte("="))
	t.Setenv(string(name), string(value))
	dir := t.TempDir()
	for kind, body := range misbehaving {
		if err := os.WriteFile(filepath.Join(dir, kind), []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	run := func(each int) {
		var jobs sync.WaitGroup
		places := make(chan struct{}, 16)
		for range each {
			for kind := range misbehaving {
				places <- struct{}{}
				jobs.Go(func() {
					defer func() { <-places }()
					misuse(t, filepath.Join(dir, kind))
				})
			}
		}
		jobs.Wait()
	}
	run(1) // what the runtime opens once and keeps is open after this
	goroutines, descriptors := runtime.NumGoroutine(), openDescriptors(t)
	began := time.Now()
	run(each)
	t.Logf("%d rooms: %v", each*len(misbehaving), time.Since(began).Round(time.Millisecond))

	eventually(t, "a process is left", func() bool { return !marked(t, mark) })
	eventually(t, "a goroutine is left", func() bool { return runtime.NumGoroutine() <= goroutines })
	if now := openDescriptors(t); now > descriptors {
		t.Errorf("%d descriptors are open, %d were before", now, descriptors)
	}
}

// misuse asks the script three times at once, and closes its room. Each check has
// its one outcome, in time.
func misuse(t *testing.T, file string) {
	room := stream.New(nil, nil)
	var asking sync.WaitGroup
	var answers atomic.Int64
	for range 3 {
		asking.Go(func() {
			began := time.Now()
			a, err := room.Ask(t.Context(), file, stream.Question{Key: "k", Value: "v", Timeout: 50 * time.Millisecond})
			answers.Add(1)
			if took := time.Since(began); err == nil || took > 10*time.Second {
				t.Errorf("a script that %s: %+v, %v after %v", filepath.Base(file), a, err, took)
			}
		})
	}
	asking.Wait()
	room.Close()
	if answers.Load() != 3 {
		t.Errorf("%d outcomes of 3 checks", answers.Load())
	}
}

// marked reports whether a process that is not dead has mark in its environment.
func marked(t *testing.T, mark string) bool {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		if filepath.Base(filepath.Dir(path)) == strconv.Itoa(os.Getpid()) {
			continue
		}
		if environ, err := os.ReadFile(path); err == nil && bytes.Contains(environ, []byte(mark)) {
			return true
		}
	}
	return false
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// eventually waits until ok, and fails with what is so if that never comes.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("%s", what)
			return
		}
	}
}
