package scripts_test

import (
	"bufio"
	"flag"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/script"
	"tocsin/scripts/servicetest"
)

var update = flag.Bool("update", false, "write what --help says into the pages of the scripts")

const pages = "../docs/scripts"

// TestPages: each script has its place in one page, below a heading with its
// name, and that begins with what --help says. The overview names it, too.
func TestPages(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(pages, "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("pages %q, %v", files, err)
	}
	overview, err := os.ReadFile(filepath.Join(pages, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range shipped(t) {
		help := "```\n" + run(t, name, nil, "--help").Stdout + "```\n"
		places := 0
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			before, after, found := strings.Cut(string(text), "\n## "+name+"\n\n```\n")
			if !found {
				continue
			}
			places++
			if !strings.Contains(string(overview), "["+name+"]("+filepath.Base(file)+"#"+strings.ReplaceAll(name, ".", "")+")") {
				t.Errorf("%s does not lead to %s in %s", filepath.Join(pages, "README.md"), name, file)
			}
			old, rest, closed := strings.Cut(after, "```\n")
			if !closed {
				t.Fatalf("%s: the help of %s has no end", file, name)
			}
			switch example := strings.Contains(section(rest), "```"); {
			case !example:
				t.Errorf("%s has no example of %s", file, name)
			case "```\n"+old+"```\n" == help:
			case *update:
				text = []byte(before + "\n## " + name + "\n\n" + help + rest)
				if err := os.WriteFile(file, text, 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("%s says of %s other things than its --help: go test ./scripts -run TestPages -update", file, name)
			}
		}
		if places != 1 {
			t.Errorf("%s has its place in %d pages below %s, and needs one: '## %[1]s', and what --help says", name, places, pages)
		}
	}
}

// TestPages_WriteYourOwn: the examples of that page are scripts as it tells to
// write them, and work.
func TestPages_WriteYourOwn(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(pages, "writing.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	for example := range strings.SplitSeq(string(text), "```sh\n") {
		example, _, found := strings.Cut(example, "```\n")
		_, name, usage := strings.Cut(example, "# Usage: ")
		if !found || !usage {
			continue
		}
		name, _, _ = strings.Cut(name, " ")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(example), 0o755); err != nil {
			t.Fatal(err)
		}
		if path, err := exec.LookPath("shellcheck"); err == nil {
			// What it finds in the page alone; the folder's own rules are not there.
			if out, err := exec.CommandContext(t.Context(), path, "-x", "-P", dir, "-e", "SC2154", filepath.Join(dir, name)).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
		}
	}
	t.Chdir(dir)

	queue := sampling(t, "verify-queue.sh")
	server := beanstalk(t)
	queue.impatient().want(t, server, "UP", "7 jobs wait")
	queue.impatient().want(t, server+" max=7", "DOWN", "7 jobs wait")
	queue.want(t, freeAddress(t), "DOWN", "refused")
	queue.impatient().want(t, greeter(t, "OK"), "DOWN", "no answer within 1 s")
	queue.want(t, "127.0.0.1:1 most=1", "UNKNOWN", "no option here")

	file := filepath.Join(dir, "flag")
	flag := notifying(t, "notify-flag.sh", "flag.file = "+file+"\n")
	flag.with("SCRIPT_DRY_RUN=1").want(t, "DOWN", 5, 0, "+DOWN", `"systemctl reload app" be run`)
	app := filepath.Join(t.TempDir(), "systemctl") // there is no systemd in a test
	servicetest.Write(t, app, "#!/bin/sh\n[ \"$*\" = 'reload app' ]\n")
	if err := os.Chmod(app, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(app)+":"+os.Getenv("PATH"))
	flag.want(t, "DOWN", 5, 0, "was written and reloaded")
	wantFile(t, file, "DOWN\n", 0o644)
	flag.want(t, "UP", 4, 0, "refused")
}

// beanstalk answers as a beanstalkd does that is asked for stats and told to quit.
func beanstalk(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			for lines := bufio.NewScanner(c); lines.Scan() && lines.Text() != "quit"; {
				_, _ = io.WriteString(c, "OK 30\r\n---\ncurrent-jobs-ready: 7\n\r\n")
			}
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// section is what stands before the next heading of this kind.
func section(text string) string {
	before, _, _ := strings.Cut(text, "\n## ")
	return before
}

// The script that the README shows keeps a fence, too: an older event is done
// with, and those of another cluster are not older.
func TestPages_TheNotifyScriptOfTheReadme(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(page), "#!/bin/sh\n# notify.sh: ")
	text, _, ended := strings.Cut(text, "```")
	dir := t.TempDir()
	text = "#!/bin/sh\n# " + strings.Replace(text, "cd /etc/app", "cd "+dir, 1)
	if !found || !ended || !strings.Contains(text, dir) {
		t.Fatalf("the README shows no such script any more: %s", text)
	}
	path := filepath.Join(dir, "notify.sh")
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ cluster, event, status, want string }{
		{"ONE", "9", "DOWN", "backend standby.example:6379\n"},
		{"ONE", "8", "UP", "backend standby.example:6379\n"},
		{"ONE", "10", "UP", "backend primary\n"},
		{"TWO", "4", "DOWN", "backend standby.example:6379\n"},
	} {
		r := script.Run(t.Context(), script.Command{
			Path: path, Args: []string{"leader", "key", "primary", step.status}, Timeout: 10 * time.Second,
			Env: script.Environment("TOCSIN_EVENT_ID="+step.event, "TOCSIN_CLUSTER="+step.cluster),
		})
		got, err := os.ReadFile(filepath.Join(dir, "backend.conf"))
		if err != nil || r.ExitCode != 0 || string(got) != step.want {
			t.Errorf("event %s of %s: %q, %v, %+v, want %q and exit code 0", step.event, step.cluster, got, err, r, step.want)
		}
	}
}
