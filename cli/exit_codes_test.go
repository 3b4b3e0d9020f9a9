package cli_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/api"
	"tocsin/cli"
	"tocsin/health"
)

// TestExitCodes: each line of the page is true, and none is missing.
func TestExitCodes(t *testing.T) {
	good := api.Status{Cluster: atTwoSites(), Endpoints: []api.EndpointStatus{endpoint("web", health.Up)}}
	unknown, down := good, good
	unknown.Endpoints = []api.EndpointStatus{endpoint("web", health.Unknown)}
	down.Endpoints = []api.EndpointStatus{endpoint("web", health.Down)}
	fragile, lost := good, good
	fragile.Cluster = atTwoSites()
	fragile.Cluster.Observers[0].Fresh, fragile.Cluster.Observers[1].Fresh = false, false
	lost.Cluster = fragile.Cluster
	lost.Cluster.Leader = ""
	safe := good
	safe.Cluster = atTwoSites()
	safe.Cluster.Observers[0].Site, safe.Cluster.Observers[2].Site = "nice", "nice"

	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	right, wrong := file("right.yaml", "node: n\n"), file("wrong.yaml", "nde: n\n")
	file("up.sh", "#!/bin/sh\necho UP\n")
	file("odd.sh", "#!/bin/sh\nexit 1\n")

	cases := map[string]struct {
		answer any // nil for nobody who answers
		args   []string
	}{
		"any 0":                  {good, []string{"status"}},
		"any 1":                  {nil, []string{"status"}},
		"any 2":                  {good, []string{"status", "--odd"}},
		"agent 2":                {nil, []string{"agent", "--config", wrong}},
		"validate 0":             {nil, []string{"validate", right}},
		"validate 1":             {nil, []string{"validate", wrong}},
		"status --exit-code 0":   {good, []string{"status", "--exit-code"}},
		"status --exit-code 1":   {unknown, []string{"status", "--exit-code"}},
		"status --exit-code 2":   {down, []string{"status", "--exit-code"}},
		"status --exit-code 3":   {nil, []string{"status", "--exit-code"}},
		"quorum check 0":         {safe, []string{"quorum", "check"}},
		"quorum check 1":         {fragile, []string{"quorum", "check"}},
		"quorum check 2":         {lost, []string{"quorum", "check"}},
		"quorum check 3":         {nil, []string{"quorum", "check"}},
		"render 0":               {nil, []string{"render", file("good.tmpl", "x"), filepath.Join(dir, "out")}},
		"render 1":               {nil, []string{"render", file("good.tmpl", "x"), filepath.Join(dir, "new"), "--reload", "false"}},
		"render 2":               {nil, []string{"render", file("empty.tmpl", ""), filepath.Join(dir, "out")}},
		"doctor 0":               {nil, []string{"doctor", "--address", doctorNode(t, api.NodeReport{Canaries: 1, Ready: true})}},
		"doctor 1":               {nil, []string{"doctor", "--address", doctorNode(t, api.NodeReport{CanariesSilent: true})}},
		"doctor 2":               {nil, []string{"doctor", "--address", doctorNode(t, api.NodeReport{Problems: []string{"it is stuck"}})}},
		"doctor 3":               {nil, []string{"doctor", "--address", "127.0.0.1:1"}},
		"script test verify 0":   {nil, []string{"script", "test", "verify", "up.sh", "k", "v", "--scripts", dir}},
		"script test verify 1":   {nil, []string{"script", "test", "verify", "odd.sh", "k", "v", "--scripts", dir}},
		"script test notify 0":   {nil, []string{"script", "test", "notify", "up.sh", "k", "v", "--scripts", dir}},
		"script test notify 1":   {nil, []string{"script", "test", "notify", "odd.sh", "k", "v", "--scripts", dir}},
		"status --exit-code 3 ?": {good, []string{"status", "--exit-code", "--odd"}},
		"quorum check 3 ?":       {good, []string{"quorum", "check", "--odd"}},
		"doctor 3 ?":             {good, []string{"doctor", "one", "too", "many"}},
		"any 2 ?":                {problem{400, api.Problem{Detail: "this is no URL"}}, []string{"set", "web", "x", "--check", "http"}},
	}
	for name, c := range cases {
		args, _, _ := strings.Cut(name, " ?")
		code := args[strings.LastIndex(args, " ")+1:]
		if strings.HasPrefix(name, "any") || strings.HasPrefix(name, "status") || strings.HasPrefix(name, "quorum") {
			address := "127.0.0.1:1"
			if c.answer != nil {
				address = newFakeNode(t, c.answer).address
			}
			c.args = append(c.args, "--address", address)
		}
		var stdout, stderr strings.Builder
		if got := cli.Main(c.args, &stdout, &stderr); string(rune('0'+got)) != code {
			t.Errorf("%s: exits with %d\n%s%s", name, got, &stdout, &stderr)
		}
	}

	page, err := os.Open(filepath.Join("..", "docs", "reference", "exit-codes.md"))
	if err != nil {
		t.Fatal(err)
	}
	defer page.Close()
	listed := map[string]bool{}
	for lines := bufio.NewScanner(page); lines.Scan(); {
		cells := strings.Split(lines.Text(), " | ")
		if len(cells) != 3 || cells[0] == "| command" {
			continue
		}
		name := strings.Trim(cells[0], "|` ") + " " + cells[1]
		listed[name] = true
		if _, tried := cases[name]; !tried {
			t.Errorf("the page tells of %q, which this test does not try", name)
		}
	}
	for name := range cases {
		if name, _, _ := strings.Cut(name, " ?"); !listed[name] {
			t.Errorf("the page does not tell of %q", name)
		}
	}
}
