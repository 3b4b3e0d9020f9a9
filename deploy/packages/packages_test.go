//go:build linux

// Package packages_test installs what a release holds.
package packages_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/hosttest/booted"
	"tocsin/hosttest/lan"
)

var packages = flag.Bool("packages", false, "build packages and install them on machines that boot, as root: takes some minutes")

// TestPackages builds a release twice and a later one, and installs them.
func TestPackages(t *testing.T) {
	if !*packages {
		t.Skip("it builds packages and boots a machine: go test ./deploy/packages -packages -v -timeout 60m")
	}
	booted.Need(t)
	first, again, later := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "elsewhere", "b"), filepath.Join(t.TempDir(), "c")
	r := release{"0.1.0", first}
	copySource(t, first) // once: somebody may be at work on it
	for _, folder := range []string{again, later} {
		if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
			t.Fatal(err)
		}
		run(t, exec.Command("cp", "-R", first, folder))
	}
	r.build(t)
	t.Run("the same bytes", func(t *testing.T) {
		twin := release{"0.1.0", again}
		twin.build(t, "TZ=Asia/Tokyo", "LC_ALL=C.UTF-8", "HOSTNAME=another")
		sameBytes(t, r.dist(), twin.dist())
	})
	t.Run("contents", func(t *testing.T) { wantContents(t, r) })
	next := release{"0.2.0", later}
	for _, name := range []string{"deploy/systemd/tocsin.default", "scripts/verify.sh", "scripts/notify.sh"} {
		add(t, filepath.Join(later, name), "# of the later release\n")
	}
	next.build(t)

	network := lan.New()
	t.Cleanup(network.Close)
	host := func(t *testing.T, name string, number byte) *lan.Host {
		t.Helper()
		h, err := network.Add(name, number)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	t.Run("deb", func(t *testing.T) { lifeOfDeb(t, booted.New(t, host(t, "debian", 1)), r, next) })
	t.Run("rpm", func(t *testing.T) { lifeOfRPM(t, booted.New(t, host(t, "redhat", 2)), r, next) })
}

// release is a copy of the source that was built.
type release struct{ version, folder string }

func (r release) dist() string { return filepath.Join(r.folder, "dist") }
func (r release) deb() string  { return filepath.Join(r.dist(), "tocsin_"+r.version+"-1_amd64.deb") }
func (r release) rpm() string {
	return filepath.Join(r.dist(), "tocsin-"+r.version+"-1.x86_64.rpm")
}

// build builds the release.
func (r release) build(t *testing.T, env ...string) {
	t.Helper()
	c := exec.Command(filepath.Join(r.folder, "deploy/packages/build.sh"), r.version, r.dist(), "amd64")
	c.Dir = t.TempDir()
	c.Env = append(append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000"), env...)
	t.Logf("built %s in %s:\n%s", r.version, r.folder, run(t, c))
}

// copySource copies what belongs to the source into a folder that knows no git.
func copySource(t *testing.T, to string) {
	t.Helper()
	root := filepath.Join("..", "..")
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	for name := range strings.SplitSeq(strings.TrimSuffix(run(t, list), "\x00"), "\x00") {
		info, err := os.Lstat(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // removed, and not committed
		}
		if err == nil {
			err = os.MkdirAll(filepath.Join(to, filepath.Dir(name)), 0o700)
		}
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode()&os.ModeSymlink != 0 {
			run(t, exec.Command("cp", "-P", filepath.Join(root, name), filepath.Join(to, name)))
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), text, info.Mode().Perm())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// sameBytes requires that two folders hold the same files.
func sameBytes(t *testing.T, a, b string) {
	t.Helper()
	sums := func(folder string) string {
		c := exec.Command("sh", "-c", "sha256sum -- *")
		c.Dir = folder
		return run(t, c)
	}
	if one, two := sums(a), sums(b); one != two {
		t.Errorf("the same source makes other bytes elsewhere:\n%sand\n%s", one, two)
	}
	check := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
	check.Dir = a
	run(t, check)
}

// add adds a line to a file.
func add(t *testing.T, name, line string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(line)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, said)
	}
	return string(said)
}
