//go:build unix

// Package e2e tries Tocsin as a person does: through run.sh and over HTTP, on
// real processes, real sockets and real files. It knows the outside only.
//
// All the waiting is for a condition, with a deadline. What it starts listens
// on ports of its own (TOCSIN_PORT_OFFSET), so a cluster that is running at the
// usual ones is left alone, and keeps its data in folders of the test.
package e2e

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// root is where run.sh is.
var root = func() string {
	dir, err := filepath.Abs("..")
	if err != nil {
		panic(err)
	}
	return dir
}()

// buildDir takes the binaries that run.sh builds, for all the tests: the first
// one to need them finds it empty.
var buildDir string

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("these tests start real processes: skipped with -short")
		return
	}
	dir, err := os.MkdirTemp("", "tocsin-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	buildDir = filepath.Join(dir, "build")
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
