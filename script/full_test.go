package script_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"tocsin/script"
)

// Without a descriptor to spare nothing can be started, and nothing is left
// behind by trying. In a process of its own, for it has no room for anything.
func TestRun_WithoutRoomForAProcess(t *testing.T) {
	const variable = "SCRIPT_TEST_FULL"
	if path := os.Getenv(variable); path != "" {
		runFull(t, path)
		return
	}
	us := exec.Command(os.Args[0], "-test.run=^TestRun_WithoutRoomForAProcess$")
	us.Env = append(os.Environ(), variable+"="+write(t, "echo UP"))
	if out, err := us.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}

func runFull(t *testing.T, path string) {
	c := script.Command{Path: path, Env: script.Environment()}
	script.Run(t.Context(), c) // what the runtime opens once and keeps is open after this
	before := openDescriptors()
	limit := syscall.Rlimit{Cur: 64, Max: 64}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skip(err)
	}
	var taken []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		taken = append(taken, f)
	}
	// With no descriptor, then one, and so on: the start fails at each of the
	// steps that need some, and at last works.
	for spare := 0; ; spare++ {
		r := script.Run(t.Context(), c)
		if r.StartErr == nil {
			if spare < 4 || r.Stdout != "UP\n" {
				t.Errorf("with %d spare descriptors Run = %+v", spare, r)
			}
			break
		}
		if !script.Shortage(r.StartErr) || !strings.Contains(r.StartErr.Error(), "raise the limits") {
			t.Errorf("with %d spare descriptors Run = %+v, want a shortage and the remedy", spare, r)
		}
		if len(taken) == 0 {
			t.Fatal("nothing can be started with all descriptors free")
		}
		_ = taken[len(taken)-1].Close()
		taken = taken[:len(taken)-1]
	}
	for _, f := range taken {
		_ = f.Close()
	}
	if now := openDescriptors(); now != before {
		t.Errorf("%d descriptors are open, %d were before", now, before)
	}
}
