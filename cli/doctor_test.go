package cli_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"net"
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
	"tocsin/pki"
)

// doctorNode is the first of three nodes that say that of themselves, each at an
// address of its own. It returns where that is.
func doctorNode(t *testing.T, report api.NodeReport) string {
	t.Helper()
	return doctorNodes(t, report, api.Cluster{}, httptest.NewServer)
}

// doctorNodes is doctorNode in a cluster of which more is said, and which may
// speak TLS.
func doctorNodes(t *testing.T, report api.NodeReport, cluster api.Cluster, serve func(http.Handler) *httptest.Server) string {
	t.Helper()
	cluster.ID, cluster.Leader, cluster.Quorum, cluster.Sites = "C", "n1", 2, 1
	var members []api.Member
	for _, name := range []string{"n1", "n2", "n3"} {
		server := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
		"not executable. 1 endpoint needs\n", "-> chmod +x /s/notify.sh\n", "OK        quorum, members, gossip, answers, checks, notifications, versions", "6 critical, 0 warnings",
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
	if code := cli.Main([]string{"doctor", "--address", address, "--config", filepath.Join(dir, "gone")}, &stdout, &stderr); code != 3 {
		t.Errorf("%d %s", code, &stderr)
	}
}

// TestDoctor_AsksAllByTLS, and "debug" as well: nodes tell host:port of each other.
func TestDoctor_AsksAllByTLS(t *testing.T) {
	ca, err := pki.NewAuthority("ours", time.Now(), pki.AuthorityLife)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := pki.Equip(dir, ca, pki.Request{Subject: pki.Subject{Role: pki.Node, Name: "n"}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	files := pki.FilesIn(dir)
	shown, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		t.Fatal(err)
	}
	address := doctorNodes(t, api.NodeReport{}, api.Cluster{}, func(h http.Handler) *httptest.Server {
		server := httptest.NewUnstartedServer(h)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{shown}, MinVersion: tls.VersionTLS13}
		server.StartTLS()
		return server
	})
	var stdout, stderr bytes.Buffer
	cli.Main([]string{"doctor", "--address", address, "--ca", files.CA}, &stdout, &stderr)
	if !strings.Contains(stdout.String(), "gossip, answers") || strings.Contains(stdout.String(), "does not answer") || stderr.Len() > 0 {
		t.Errorf("doctor: %s%s", &stdout, &stderr)
	}
	code := cli.Main([]string{"debug", "--file", "-", "--address", address, "--ca", files.CA}, &stdout, &stderr)
	if code != 0 || !strings.Contains(stderr.String(), "asking n3 at ") || strings.Contains(stderr.String(), "could not be asked") {
		t.Errorf("debug: %d %s", code, &stderr)
	}
}

// TestDoctor_SaysWhoWasNotExamined: one node hangs, another one is not running, and
// neither is said to be well.
func TestDoctor_SaysWhoWasNotExamined(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })

	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	cluster := api.Cluster{ID: "C", Node: "n1", Leader: "n1", Quorum: 2, Sites: 1}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer any = api.Configuration{}
		switch r.URL.Path {
		case "/v1/status":
			answer = api.Status{Cluster: cluster}
		case "/v1/node":
			answer = api.NodeReport{Node: "n1", Time: time.Now(), Canaries: 1, RoomBytes: new(uint64(1 << 40))}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	for name, at := range map[string]string{"n1": server.Listener.Addr().String(), "n2": silent.Addr().String(), "n3": gone.Addr().String()} {
		cluster.Observers = append(cluster.Observers, api.Observer{Node: name, HTTP: at, Raft: at, Gossip: at, Fresh: true, Voter: new(true)})
	}
	var stdout, stderr bytes.Buffer
	code := cli.Main([]string{"doctor", "--address", server.Listener.Addr().String()}, &stdout, &stderr)
	text := strings.Join(strings.Fields(stdout.String()), " ")
	for _, want := range []string{"answers, n2: It does not answer here", "its process hangs", "answers, n3: It does not answer here", "nothing listens there", "not examined: n2 and n3"} {
		if code != 1 || !strings.Contains(text, want) {
			t.Errorf("%d: %q is not in\n%s%s", code, want, &stdout, &stderr)
		}
	}
}

// TestDoctor_TellsWhyNobodyHelps: each address that was tried, and why.
func TestDoctor_TellsWhyNobodyHelps(t *testing.T) {
	n := newFakeNode(t, problem{503, api.Problem{Code: api.CodeBehind, Detail: "this node has found no leader"}})
	code, _, stderr := n.tocsin("doctor", "--address", "127.0.0.1:1")
	if code != 3 || !strings.Contains(stderr, "127.0.0.1:1: connection refused") || !strings.Contains(stderr, "this node has found no leader") || strings.Contains(stderr, "tocsin agent") {
		t.Errorf("%d %s", code, stderr)
	}
}

// TestDoctor_WhereNobodyKnowsTheCluster tells what there is, and by its code that
// more can't be told.
func TestDoctor_WhereNobodyKnowsTheCluster(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer any
		switch r.URL.Path {
		case "/v1/node":
			answer = api.NodeReport{Node: "n1", Time: time.Now(), Problems: []string{"there is no leader; start the others"}}
		case "/v1/members":
			answer = api.Members{Members: []api.Member{
				{Node: "n1", Raft: "h:1", InRaft: api.Voter, InGossip: api.Alive}, {Node: "n2", Raft: "h:2", InRaft: api.Voter, InGossip: api.Absent},
			}}
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
			answer = api.Problem{Code: api.CodeBehind, Detail: "this node has found no leader since it was started"}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	var stdout, stderr bytes.Buffer
	code := cli.Main([]string{"doctor", "--address", server.Listener.Addr().String()}, &stdout, &stderr)
	text := strings.Join(strings.Fields(stdout.String()), " ")
	for _, want := range []string{"without the cluster's state, from n1", "has found no leader", "start the agents of n2 (raft h:2)", "There is no leader."} {
		if code != 3 || !strings.Contains(text, want) {
			t.Errorf("%d: %q is not in\n%s%s", code, want, &stdout, &stderr)
		}
	}
}
