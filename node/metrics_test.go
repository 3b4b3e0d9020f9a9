package node_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/metrics"
)

// TestMetrics_OfARealNode: a node that has checked, decided and notified shows
// every metric that the documentation names, in the way that promtool wants it.
func TestMetrics_OfARealNode(t *testing.T) {
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	l := newLoopback(t, 1, func(s *fsm.ClusterSettings) { s.Interval = fsm.Duration(50 * time.Millisecond) })
	n := l.nodes[0]
	if _, err := n.Propose(t.Context(), fsm.SetEndpoint{Key: "key", Value: "v"}); err != nil {
		t.Fatal(err)
	}
	l.await(t, "the baseline is decided", func() bool { return n.View().EventCount() == 1 })
	l.truth.set(health.Down)
	<-l.told
	address := n.Self().HTTP
	for _, path := range []string{"/v1/status", "/v1/endpoints/key", "/nothing/here", "/metrics"} {
		fetch(t, address, path)
	}
	var page string
	l.await(t, "all of it can be seen", func() bool {
		page = fetch(t, address, "/metrics")
		return valueIn(page, `tocsin_notify_ended_total{ending="done"}`) == "1" &&
			valueIn(page, `tocsin_quorum_decision_duration_seconds_count{result="applied"}`) == "2"
	})

	shows(t, page, "tocsin_node_ready", 1)
	shows(t, page, "tocsin_raft_leads", 1)
	shows(t, page, "tocsin_raft_terms_led_total", 1)
	shows(t, page, "tocsin_cluster_spare_observers", 0)
	shows(t, page, "tocsin_raft_spare_voters", 0)
	shows(t, page, `tocsin_cluster_observers{standing="voting"}`, 1)
	shows(t, page, `tocsin_cluster_endpoints{state="DOWN"}`, 1)
	shows(t, page, `tocsin_quorum_events_total{baseline="true",to="UP"}`, 1)
	shows(t, page, `tocsin_quorum_events_total{baseline="false",to="DOWN"}`, 1)
	shows(t, page, `tocsin_quorum_decision_duration_seconds_count{result="applied"}`, 2)
	shows(t, page, `tocsin_notify_run_duration_seconds_count{result="succeeded"}`, 1)
	shows(t, page, "tocsin_notify_delay_seconds_count", 1)
	shows(t, page, `tocsin_http_requests_total{code="200",method="GET",route="/v1/endpoints/{key}"}`, 1)
	shows(t, page, `tocsin_http_requests_total{code="404",method="GET",route="none"}`, 1)
	for _, name := range []string{
		`tocsin_check_duration_seconds_count{kind="script",result="UP"}`, `tocsin_check_duration_seconds_count{kind="script",result="DOWN"}`,
		"tocsin_check_late_seconds_count", `tocsin_write_duration_seconds_count{result="applied"}`,
		"tocsin_raft_store_write_duration_seconds_count", "tocsin_gossip_members", "tocsin_disk_free_bytes",
	} {
		if value := valueIn(page, name); value == "" || value == "0" {
			t.Errorf("%s is %q", name, value)
		}
	}
	for _, name := range metrics.Names() {
		// This node is alone, speaks no TLS, and was told neither to show endpoints
		// nor of a file for its audit log.
		if absent := strings.HasPrefix(name, "tocsin_endpoint_") || strings.HasPrefix(name, "tocsin_tls_") || strings.HasPrefix(name, "tocsin_audit_") || name == "tocsin_cluster_oldest_ballot_seconds"; !absent && !strings.Contains(page, "# TYPE "+name+" ") {
			t.Errorf("%s is not shown", name)
		}
	}
	for _, line := range regexp.MustCompile(`(?m)^# TYPE (tocsin_\w+)`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(metrics.Reference(), "`"+line[1]+"`") {
			t.Errorf("%s is not documented", line[1])
		}
	}
	promtool(t, page)
}

// promtool has Prometheus's own tool look at the page.
func promtool(t *testing.T, page string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("there is no promtool to look at the metrics: Debian has it in the package prometheus")
	}
	look := exec.Command(path, "check", "metrics")
	look.Stdin = strings.NewReader(page)
	var said bytes.Buffer
	look.Stdout, look.Stderr = &said, &said
	if err := look.Run(); err != nil || said.Len() > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, said.String())
	}
}

func fetch(t *testing.T, address, path string) string {
	t.Helper()
	answer, err := http.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// valueIn returns what the page says of a series, "" if nothing.
func valueIn(page, series string) string {
	for line := range strings.Lines(page) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func shows(t *testing.T, page, series string, want float64) {
	t.Helper()
	if got := valueIn(page, series); got != fmt.Sprint(want) {
		t.Errorf("%s is %q, want %v", series, got, want)
	}
}
