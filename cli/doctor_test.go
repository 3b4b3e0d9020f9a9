package cli_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/cli"
	"tocsin/doctor"
)

// doctorNode is the first of three nodes that say that of themselves, each at an
// address of its own. It returns where that is.
func doctorNode(t *testing.T, report api.NodeReport) string {
	t.Helper()
	cluster := api.Cluster{ID: "C", Leader: "n1", Quorum: 2, Sites: 1}
	var members []api.Member
	for _, name := range []string{"n1", "n2", "n3"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var answer any = api.Members{Members: members}
			switch r.URL.Path {
			case "/v1/status":
				answer = api.Status{Cluster: cluster}
			case "/v1/node":
				own := report
				own.Node, own.Time = name, time.Now()
				answer = own
			case "/v1/config":
				answer = api.Configuration{}
			}
			_ = json.NewEncoder(w).Encode(answer)
		}))
		t.Cleanup(server.Close)
		at := server.Listener.Addr().String()
		cluster.Observers = append(cluster.Observers, api.Observer{Node: name, HTTP: at, Raft: at, Gossip: at, Fresh: true, Voter: new(true)})
		members = append(members, api.Member{Node: name, Fresh: true})
	}
	cluster.Node = "n1"
	return cluster.Observers[0].HTTP
}

func TestDoctor(t *testing.T) {
	address := doctorNode(t, api.NodeReport{
		Problems: []string{"the notifier is stuck; look at its log"},
		Scripts:  []api.ScriptReport{{Name: "notify.sh", Endpoints: 1, Problem: "script /s/notify.sh is not executable: chmod +x /s/notify.sh"}},
	})
	var stdout, stderr bytes.Buffer
	if code := cli.Main([]string{"doctor", "--address", address}, &stdout, &stderr); code != 2 || stderr.Len() > 0 {
		t.Errorf("%d %s", code, &stderr)
	}
	for _, want := range []string{
		"3 nodes, as n1 (" + address + ") sees them\n",
		"CRITICAL  ready, n1: The notifier is stuck.\n          -> look at its log\n",
		"not executable. 1 endpoint needs\n", "-> chmod +x /s/notify.sh\n", "OK        quorum, members, gossip, answers, versions", "6 critical, 0 warnings",
	} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("%q is not in\n%s", want, &stdout)
		}
	}
	stdout.Reset()
	cli.Main([]string{"doctor", "--address", address, "-o", "json"}, &stdout, &stderr)
	var report doctor.Report
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil || report.Severity != doctor.Critical {
		t.Errorf("%v in %s", err, &stdout)
	}
}

func TestDoctor_LooksHereByAFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "t.yaml")
	if err := os.WriteFile(file, []byte("node: n9\nraft: 192.0.2.7:7000\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o666); err != nil {
		t.Fatal(err)
	}
	address := doctorNode(t, api.NodeReport{})
	var stdout, stderr bytes.Buffer
	if code := cli.Main([]string{"doctor", "--address", address, "--config", file}, &stdout, &stderr); code != 1 {
		t.Errorf("%d %s", code, &stderr)
	}
	for _, want := range []string{"192.0.2.7 is no", "chmod go-w " + file} {
		if text := strings.Join(strings.Fields(stdout.String()), " "); !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, &stdout)
		}
	}
	if code := cli.Main([]string{"doctor", "--address", address, "--config", filepath.Join(dir, "gone")}, &stdout, &stderr); code != 2 {
		t.Errorf("%d %s", code, &stderr)
	}
}
