package systemd_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// exposure is the most that systemd may think the unit exposes, times ten.
const exposure = "20"

func TestUnit_IsRightAndHardened(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed: install systemd to have the unit checked")
	}
	if said, err := exec.Command(analyze, "security", "--offline=true", "--threshold="+exposure, "tocsin.service").CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, said)
	}
	// What the unit starts has to be there to be verified: put true in its place.
	unit, err := os.ReadFile("tocsin.service")
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "tocsin.service")
	text := strings.ReplaceAll(string(unit), "/usr/bin/tocsin", "/bin/true")
	if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	dropIn, err := os.ReadFile("script-user.conf")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(copied+".d", 0o700), os.WriteFile(filepath.Join(copied+".d", "script-user.conf"), dropIn, 0o600)); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command(analyze, "verify", "--man=no", copied).CombinedOutput()
	if err != nil || strings.Contains(string(said), "tocsin.service") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, said)
	}
}

// Whoever needs more than the unit gives should find the words in a drop-in that
// loosen what the unit ties.
func TestDropIns_LoosenOnlyWhatTheUnitTies(t *testing.T) {
	unit, err := os.ReadFile("tocsin.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"scripts.conf", "script-user.conf"} {
		dropIn, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for line := range strings.Lines(string(dropIn)) {
			name, _, isSetting := strings.Cut(strings.TrimPrefix(line, "#"), "=")
			if !isSetting || strings.Contains(name, " ") {
				continue
			}
			found++
			if name != "ReadWritePaths" && !strings.Contains(string(unit), "\n"+name+"=") {
				t.Errorf("%s loosens %s, which the unit does not tie", file, name)
			}
		}
		if found == 0 {
			t.Errorf("%s loosens nothing", file)
		}
	}
}
