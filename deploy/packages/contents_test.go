//go:build linux

package packages_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wantContents requires that deb and rpm hold all that belongs to an installation,
// and keep what people change.
func wantContents(t *testing.T, r release) {
	zsh := map[string]string{"deb": "/usr/share/zsh/vendor-completions/_tocsin", "rpm": "/usr/share/zsh/site-functions/_tocsin"}
	files := map[string][]string{"deb": filesOfDeb(t, r), "rpm": lines(run(t, exec.Command("rpm", "-qpl", r.rpm())))}
	kept := map[string][]string{
		"deb": lines(run(t, exec.Command("dpkg-deb", "-I", r.deb(), "conffiles"))),
		"rpm": lines(run(t, exec.Command("rpm", "-qpc", r.rpm()))),
	}
	for format, all := range files {
		for _, file := range []string{
			"/usr/bin/tocsin", "/usr/lib/systemd/system/tocsin.service", "/usr/lib/sysusers.d/tocsin.conf", "/usr/lib/tmpfiles.d/tocsin.conf",
			"/usr/share/man/man1/tocsin.1.gz", "/usr/share/man/man1/tocsin-agent.1.gz",
			"/usr/share/bash-completion/completions/tocsin", "/usr/share/fish/vendor_completions.d/tocsin.fish", zsh[format],
			"/usr/share/doc/tocsin/README.md", "/usr/share/doc/tocsin/CHANGELOG.md", "/usr/share/doc/tocsin/copyright", "/usr/share/doc/tocsin/scripts.conf", "/usr/share/doc/tocsin/script-user.conf",
		} {
			if !slices.Contains(all, file) {
				t.Errorf("the %s has no %s", format, file)
			}
		}
		for _, file := range append(scripts(t), "/etc/tocsin/tocsin.yaml", "/etc/default/tocsin", "/etc/logrotate.d/tocsin") {
			if !slices.Contains(all, file) || !slices.Contains(kept[format], file) {
				t.Errorf("the %s has no %s, or does not keep what people change in it", format, file)
			}
		}
		for _, file := range all {
			if strings.HasPrefix(file, "/etc/") && !slices.Contains(kept[format], file) {
				t.Errorf("the %s overwrites %s", format, file)
			}
		}
	}
	if in := run(t, exec.Command("rpm", "-qp", "--qf", "%{BUILDHOST} %{VERSION} %{LICENSE}", r.rpm())); in != "localhost 0.1.0 Apache-2.0" {
		t.Errorf("the rpm says %s", in)
	}
	for _, script := range []string{"postinstall", "preuninstall", "postuninstall"} {
		if said := run(t, exec.Command("rpm", "-qp", "--scripts", r.rpm())); !strings.Contains(said, script+" scriptlet") {
			t.Errorf("the rpm has no %s: %s", script, said)
		}
	}
	if bill, err := os.ReadFile(filepath.Join(r.dist(), "tocsin-"+r.version+"-linux-amd64.cdx.json")); err != nil || !strings.Contains(string(bill), "github.com/hashicorp/raft") {
		t.Errorf("the SBOM does not name raft: %v", err)
	}
}

// filesOfDeb are those of a deb, without folders.
func filesOfDeb(t *testing.T, r release) (all []string) {
	t.Helper()
	for _, line := range lines(run(t, exec.Command("dpkg-deb", "-c", r.deb()))) {
		if fields := strings.Fields(line); !strings.HasPrefix(line, "d") {
			all = append(all, strings.TrimPrefix(fields[len(fields)-1], "."))
		}
	}
	return all
}

// scripts are the scripts that come along, as they are called once installed.
func scripts(t *testing.T) (all []string) {
	t.Helper()
	found, err := filepath.Glob("../../scripts/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && filepath.Ext(file) != ".go" {
			all = append(all, "/etc/tocsin/scripts/"+filepath.Base(file))
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d scripts were found", len(all))
	}
	return all
}

func lines(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") }
