package clustertest_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	planted      = flag.Bool("planted", false, "plant one bug after the other and require that the simulation finds each")
	plantedSeeds = flag.Int("planted-seeds", 30, "how many seeds may be needed to find a planted bug")
)

// TestBugs_CanBePlanted keeps the list of bugs in step with the code.
func TestBugs_CanBePlanted(t *testing.T) {
	for _, b := range bugs {
		t.Run(b.name, func(t *testing.T) {
			b.plant(t)
		})
	}
}

// plant returns the text of each file that the bug is in, with the bug in it.
func (e edits) plant(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, e := range e {
		text, edited := files[e.file]
		if !edited {
			original, err := os.ReadFile(filepath.Join("..", e.file))
			if err != nil {
				t.Fatal(err)
			}
			text = string(original)
		}
		if n := strings.Count(text, e.from); n != 1 {
			t.Fatalf("%s has the text to be replaced %d times, want once:\n%s", e.file, n, e.from)
		}
		files[e.file] = strings.Replace(text, e.from, e.to, 1)
	}
	return files
}

// TestPlantedBugs checks the checkers: the simulation has to fail with each bug.
// It takes some minutes, and so runs only with -planted: a build for each bug,
// and then seeds one after the other. The bugs are side by side.
func TestPlantedBugs(t *testing.T) {
	if !*planted {
		t.Skip("run it with -planted")
	}
	for _, b := range bugs {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			binary := build(t, b)
			for seed := 1; seed <= *plantedSeeds; seed++ {
				// One seed at a time: a bug may well make a node hang.
				cmd := exec.CommandContext(t.Context(), binary, "-test.run=^TestSimulation$", "-test.timeout=2m", fmt.Sprintf("-seed=%d", seed), "-minutes=10")
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Logf("found with %d seeds: %s", seed, firstFinding(out))
					return
				}
			}
			t.Errorf("%d seeds do not find it", *plantedSeeds)
		})
	}
}

var finding = regexp.MustCompile(`(?m)(invariant \d+ is broken.*|^panic: .*|waited .* in vain.*)$`)

func firstFinding(out []byte) string {
	if f := finding.Find(out); f != nil {
		return string(f)
	}
	return string(out[:min(len(out), 300)])
}

// build makes a test binary with the bug in it.
func build(t *testing.T, b bug) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	overlay := filepath.Join(dir, "overlay.json")
	replace := map[string]string{}
	for file, text := range b.plant(t) {
		mutant := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		write(t, mutant, text)
		replace[filepath.Join(root, file)] = mutant
	}
	packed, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	write(t, overlay, string(packed))
	binary := filepath.Join(dir, "mutant.test")
	out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("build with the bug: %v\n%s", err, out)
	}
	return binary
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
