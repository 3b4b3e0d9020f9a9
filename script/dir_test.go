package script_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tocsin/script"
)

func TestOpenDir_Refuses(t *testing.T) {
	path := t.TempDir()
	file := filepath.Join(path, "file")
	writeFile(t, file, "", 0o644)
	for _, bad := range []string{file, filepath.Join(path, "nowhere")} {
		if d, err := script.OpenDir(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("OpenDir(%q) = %v, %v, want an error that names it", bad, d, err)
		}
	}
}

func TestDir_ResolveFindsScripts(t *testing.T) {
	path := t.TempDir()
	t.Chdir(path)
	d, err := script.OpenDir(".")
	if err != nil {
		t.Fatal(err)
	}
	if d.Path() != path || !filepath.IsAbs(d.Path()) {
		t.Errorf("Path() = %q, want %q", d.Path(), path)
	}
	elsewhere := write(t, "echo UP")
	link := filepath.Join(path, "check_link")
	if err := os.Symlink(elsewhere, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"verify.sh", "with blank; and $more", "..almost", "-v"} {
		writeFile(t, filepath.Join(path, name), "#!/bin/sh\n", 0o755)
	}
	t.Chdir("/") // a path that was resolved once must not depend on where we are
	for _, name := range []string{"verify.sh", "with blank; and $more", "..almost", "-v", "check_link"} {
		got, err := d.Resolve(name)
		if want := filepath.Join(path, name); got != want || err != nil {
			t.Errorf("Resolve(%q) = %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestDir_ResolveRefuses(t *testing.T) {
	path := t.TempDir()
	d, err := script.OpenDir(filepath.Join(path, "scripts"))
	if err == nil {
		t.Fatalf("OpenDir = %v, want an error", d)
	}
	if err := os.MkdirAll(filepath.Join(path, "scripts", "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if d, err = script.OpenDir(filepath.Join(path, "scripts")); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(path, "outside.sh"), "#!/bin/sh\n", 0o755)
	writeFile(t, filepath.Join(path, "scripts", "plain.sh"), "#!/bin/sh\n", 0o644)
	if err := os.Symlink("nowhere", filepath.Join(path, "scripts", "dangling.sh")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, want string }{
		{"", "no name"},
		{".", "is a path"},
		{"..", "is a path"},
		{"../outside.sh", "is a path"},
		{filepath.Join(path, "outside.sh"), "is a path"},
		{"folder/x", "is a path"},
		{`folder\x`, "is a path"},
		{"a\x00b", "control character"},
		{"a\nb", "control character"},
		{"folder", "not a regular file"},
		{"missing.sh", "does not exist"},
		{"dangling.sh", "does not exist"},
		{"plain.sh", "chmod +x " + filepath.Join(path, "scripts", "plain.sh")},
		{strings.Repeat("x", 300), "name too long"},
	} {
		got, err := d.Resolve(test.name)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Resolve(%q) = %q, %v, want an error with %q", test.name, got, err, test.want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("PATH", "/some/bin")
	t.Setenv("HOME", "/home/tocsin")
	t.Setenv("TZ", "")
	t.Setenv("TOCSIN_GOSSIP_KEY", "secret")
	t.Setenv("SCRIPT_LOG", "/var/log/some.log")
	env := script.Environment("TOCSIN_KEY=ping", "TOCSIN_VALUE=a=b")
	for _, want := range []string{"PATH=/some/bin", "HOME=/home/tocsin", "TZ=", "SCRIPT_LOG=/var/log/some.log", "TOCSIN_KEY=ping", "TOCSIN_VALUE=a=b"} {
		if !slices.Contains(env, want) {
			t.Errorf("Environment = %q, want %q in it", env, want)
		}
	}
	for _, entry := range env {
		if strings.Contains(entry, "secret") {
			t.Errorf("Environment passes on %q", entry)
		}
	}

	// Scripts call the program that runs them, unless another one is named.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(env, "SCRIPT_TOCSIN="+self) {
		t.Errorf("Environment = %q, want this program in it, %s", env, self)
	}
	t.Setenv("SCRIPT_TOCSIN", "/opt/tocsin")
	if env := script.Environment(); !slices.Contains(env, "SCRIPT_TOCSIN=/opt/tocsin") || slices.Index(env, "SCRIPT_TOCSIN=/opt/tocsin") < slices.Index(env, "SCRIPT_TOCSIN="+self) {
		t.Errorf("Environment = %q, want the program that is set to win", env)
	}

	t.Setenv("PATH", "")
	if env := script.Environment(); slices.Contains(env, "PATH=") || !strings.Contains(strings.Join(env, " "), "PATH=/") {
		t.Errorf("Environment = %q, want the usual PATH when ours is empty", env)
	}
}
