//go:build linux

package booted

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// release is the Debian that the machines have.
const release = "bookworm"

// inImage is what a machine has to have for Ansible, and for the agent.
const inImage = "systemd,systemd-sysv,dbus,openssh-server,python3,iproute2,procps,ca-certificates,nftables,logrotate"

// image is a root file system that all machines share, and that none of them
// writes to. Making it takes a minute or some, so it is kept.
func image() string {
	return fmt.Sprintf("/var/cache/tocsin-test/%x", sha256.Sum256([]byte(release+inImage)))[:40]
}

// patience is for making it: a mirror that does not answer must not keep a
// whole run of tests waiting.
const patience = 8 * time.Minute

// needImage makes the image if it is not there; where it can't be made there is
// nothing to test.
func needImage(t testing.TB) {
	t.Helper()
	target := image()
	if _, err := os.Stat(target); err == nil {
		return
	}
	t.Logf("making %s: this takes some minutes, once", target)
	made := fmt.Sprintf("%s.%d", target, os.Getpid())
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"--variant=minbase", "--include=" + inImage, release, made}, mirror()...)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	debootstrap := exec.CommandContext(ctx, "debootstrap", args...)
	debootstrap.WaitDelay = 10 * time.Second // what it has started may keep its output open
	said, err := debootstrap.CombinedOutput()
	if err != nil {
		_ = os.RemoveAll(made) // it is of no use
		t.Skipf("debootstrap can't make an image, for which it needs a mirror of Debian: %v\n%s", err, said)
	}
	if err := os.Rename(made, target); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
}

// mirror returns where apt has that release from, none if it does not say.
func mirror() []string {
	said, err := exec.Command("apt-get", "indextargets", "--format", "$(LABEL) $(CODENAME) $(REPO_URI)").Output()
	if err != nil {
		return nil // debootstrap has one of its own
	}
	for line := range strings.Lines(string(said)) {
		if from, ok := strings.CutPrefix(strings.TrimSpace(line), "Debian "+release+" "); ok && strings.HasPrefix(from, "http") {
			return []string{from}
		}
	}
	return nil
}
