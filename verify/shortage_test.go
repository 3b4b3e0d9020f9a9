package verify_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/script"
	"tocsin/verify"
)

// A machine without room for one more process is no fault of the endpoint, and
// must not be hammered: in a process of its own, for it has no room for anything.
func TestChecks_WithoutRoomForAProcessAreUnknownAndSlow(t *testing.T) {
	const variable = "VERIFY_TEST_FULL"
	if dir := os.Getenv(variable); dir != "" {
		checkFull(t, dir)
		return
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "verify.sh"), []byte("#!/bin/sh\necho UP\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	us := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	us.Env = append(os.Environ(), variable+"="+dir)
	if out, err := us.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}

func checkFull(t *testing.T, path string) {
	dir, err := script.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	checks := verify.NewChecks(dir, nil)
	request := verify.Request{Key: "k", Kind: fsm.CheckScript, Script: "verify.sh", Timeout: 2 * time.Second}
	if s := checks.Check(t.Context(), request); s.Status != health.Up {
		t.Fatalf("with room the sample is %+v", s)
	}
	limit := syscall.Rlimit{Cur: 64, Max: 64}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skip(err)
	}
	var taken []*os.File
	for f, err := os.Open(os.DevNull); err == nil; f, err = os.Open(os.DevNull) {
		taken = append(taken, f)
	}
	// The script is found, but there are too few for its pipes.
	for _, f := range taken[:2] {
		_ = f.Close()
	}
	began := time.Now()
	s := checks.Check(t.Context(), request)
	if took := time.Since(began); took < 400*time.Millisecond || s.Status != health.Unknown || !strings.Contains(s.Reason, "raise the limits") {
		t.Errorf("after %v the sample is %+v", took, s)
	}
	var freeing sync.WaitGroup
	freeing.Go(func() {
		time.Sleep(50 * time.Millisecond)
		for _, f := range taken[2:] {
			_ = f.Close()
		}
	})
	if s := checks.Check(t.Context(), request); s.Status != health.Up {
		t.Errorf("when there is room again the sample is %+v", s)
	}
	freeing.Wait()
}
