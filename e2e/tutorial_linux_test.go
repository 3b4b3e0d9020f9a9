package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestTutorials types what the tutorials show, as it stands there, on a machine
// that has nothing else: a network namespace of its own, so that all ports are
// free. What does not end by itself runs beside, as it would in a terminal of its
// own; comments of the form <!-- run: … --> say what a reader does there that is
// not typed.
func TestTutorials(t *testing.T) {
	for _, tool := range []string{"unshare", "ip", "bash", "python3"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("only root can make a namespace")
	}
	pages, err := filepath.Glob(filepath.Join("..", "docs", "tutorial", "*.md"))
	if err != nil || len(pages) < 3 {
		t.Fatalf("found %q: %v", pages, err)
	}
	for _, page := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".md"), func(t *testing.T) { typeTutorial(t, page) })
	}
}

// prelude is what a tutorial takes for granted. beside runs something in a
// terminal of its own, and waits until its HTTP answers if it is a node; stop
// ends it.
const prelude = `set -euo pipefail
ip link set lo up
declare -A pids
beside() {
	local name=$1 port=$2
	shift 2
	"$@" >"$name.log" 2>&1 &
	pids[$name]=$!
	for _ in $(seq 200); do
		if [ "$port" = 0 ] || (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
		sleep 0.1
	done
	cat "$name.log"
	echo "$name does not listen on $port"
	return 1
}
stop() { kill "${pids[$1]}"; wait "${pids[$1]}" 2>/dev/null || true; }
failed() { echo "FAILED: $BASH_COMMAND"; tail -n 5 ./*.log; }
trap failed ERR
`

func typeTutorial(t *testing.T, page string) {
	script := prelude + typed(t, page)
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "scripts"), os.DirFS(filepath.Join("..", "scripts"))); err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(page, "own-scripts.md") { // it begins in an empty folder
		if err := os.RemoveAll(filepath.Join(dir, "scripts")); err != nil {
			t.Fatal(err)
		}
	}
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "tocsin"), ".")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	// The namespace of processes ends with its first one, and all within it.
	c := exec.CommandContext(ctx, "unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", script)
	c.Dir, c.Env = dir, []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

var (
	// step is a block that is to be typed, or a comment that says what else to do.
	step    = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$|^<!-- run: (.*?) -->$")
	forever = regexp.MustCompile(`^(tocsin agent|python3 -m http\.server) `)
	httpOf  = regexp.MustCompile(`--http 127\.0\.0\.1:(\d+)`)
	nodeOf  = regexp.MustCompile(`--node (\S+)`)
)

// typed returns a page as a script of bash.
func typed(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, found := range step.FindAllStringSubmatch(string(text), -1) {
		block := found[1] + found[2]
		if !forever.MatchString(block) {
			script.WriteString(block + "\n")
			continue
		}
		name, port := "python3", "8080"
		if node := nodeOf.FindStringSubmatch(block); node != nil {
			name, port = node[1], "6000"
		}
		if at := httpOf.FindStringSubmatch(block); at != nil {
			port = at[1]
		}
		fmt.Fprintf(&script, "beside %s %s %s\n", name, port, block)
	}
	return script.String()
}
