package metrics

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// The files that Prometheus and Grafana are given live by the names of metrics
// and labels, which nothing but these tests holds together.

var (
	alertsFile     = filepath.Join("..", "deploy", "prometheus", "alerts.yml")
	alertTestsFile = filepath.Join("..", "deploy", "prometheus", "alerts_test.yml")
	dashboardFile  = filepath.Join("..", "deploy", "grafana", "tocsin.json")
	runbookFile    = filepath.Join("..", "docs", "how-to", "alerts.md")
)

// alert is one rule.
type alert struct {
	Name        string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func alerts(t *testing.T) []alert {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string  `yaml:"name"`
			Rules []alert `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.UnmarshalWithOptions(read(t, alertsFile), &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	var all []alert
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) < 10 {
		t.Fatalf("only %d alerts were found", len(all))
	}
	return all
}

// TestAlerts_AskForWhatThereIs, and say what to do.
func TestAlerts_AskForWhatThereIs(t *testing.T) {
	runbook, tests := string(read(t, runbookFile)), string(read(t, alertTestsFile))
	for _, a := range alerts(t) {
		for _, fault := range faultsOf(a.Expr) {
			t.Errorf("%s: %s", a.Name, fault)
		}
		if !slices.Contains([]string{"critical", "warning", "info"}, a.Labels["severity"]) {
			t.Errorf("%s has the severity %q", a.Name, a.Labels["severity"])
		}
		if a.Annotations["summary"] == "" || !strings.HasSuffix(a.Annotations["description"], ".") {
			t.Errorf("%s does not say in a summary what is so, and in a description what to do", a.Name)
		}
		if want := "docs/how-to/alerts.md#" + strings.ToLower(a.Name); a.Annotations["runbook"] != want {
			t.Errorf("%s: the runbook is %q, want %q", a.Name, a.Annotations["runbook"], want)
		}
		if !strings.Contains(runbook, "\n## "+a.Name+"\n") {
			t.Errorf("%s has no section in %s", a.Name, runbookFile)
		}
		if !strings.Contains(tests, "alertname: "+a.Name+"\n        exp_alerts:\n") || !strings.Contains(tests, "alertname: "+a.Name+"\n        exp_alerts: []\n") {
			t.Errorf("%s needs a test in %s in which it goes off, and one in which it does not", a.Name, alertTestsFile)
		}
	}
}

// TestRunbook_HasNoSectionTooMany: an alert that is gone takes its section along.
func TestRunbook_HasNoSectionTooMany(t *testing.T) {
	var names []string
	for _, a := range alerts(t) {
		names = append(names, a.Name)
	}
	for _, section := range regexp.MustCompile(`(?m)^## (.+)$`).FindAllStringSubmatch(string(read(t, runbookFile)), -1) {
		if !slices.Contains(names, section[1]) {
			t.Errorf("%s has the section %q, and there is no such alert", runbookFile, section[1])
		}
	}
}

// TestAlerts_GoOff lets Prometheus's own tool play them.
func TestAlerts_GoOff(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("there is no promtool to play the alerts: Debian has it in the package prometheus")
	}
	for _, words := range [][]string{{"check", "rules", alertsFile}, {"test", "rules", alertTestsFile}} {
		if said, err := exec.Command(promtool, words...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(words, " "), err, said)
		}
	}
}

// TestDashboard_AsksForWhatThereIs, in every panel.
func TestDashboard_AsksForWhatThereIs(t *testing.T) {
	var dashboard struct {
		Panels []struct {
			ID      int    `json:"id"`
			Type    string `json:"type"`
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
		Templating struct {
			List []struct {
				Query string `json:"query"`
			} `json:"list"`
		} `json:"templating"`
	}
	if err := json.Unmarshal(read(t, dashboardFile), &dashboard); err != nil {
		t.Fatal(err)
	}
	asked, ids := 0, map[int]bool{}
	for _, p := range dashboard.Panels {
		if ids[p.ID] {
			t.Errorf("two panels have the id %d", p.ID)
		}
		ids[p.ID] = true
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("the panel %q asks for nothing", p.Title)
		}
		for _, target := range p.Targets {
			asked++
			for _, fault := range faultsOf(target.Expr) {
				t.Errorf("the panel %q: %s", p.Title, fault)
			}
		}
	}
	for _, v := range dashboard.Templating.List {
		if strings.HasPrefix(v.Query, "label_values") {
			for _, fault := range faultsOf(v.Query) {
				t.Errorf("a variable: %s", fault)
			}
		}
	}
	if asked < 20 {
		t.Errorf("only %d queries were found", asked)
	}
}

// TestDashboard_IsPromQL lets promtool parse every query, as a rule of its own.
func TestDashboard_IsPromQL(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("there is no promtool to read the queries: Debian has it in the package prometheus")
	}
	var rules bytes.Buffer
	rules.WriteString("groups:\n- name: dashboard\n  rules:\n")
	for _, found := range regexp.MustCompile(`"expr": ("(?:[^"\\]|\\.)*")`).FindAllSubmatch(read(t, dashboardFile), -1) {
		rules.WriteString("  - record: r\n    labels: {query: " + string(regexp.MustCompile(`\W`).ReplaceAll(found[1], nil)) + "}\n    expr: " + string(found[1]) + "\n")
	}
	name := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(name, rules.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(promtool, "check", "rules", name).CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, said)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var (
	// series are names, and what stands in the braces behind each.
	seriesIn   = regexp.MustCompile(`\b(tocsin_\w+)(?:\{([^}]*)\})?`)
	matchersIn = regexp.MustCompile(`(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
	groupingIn = regexp.MustCompile(`\bby\s*\(([^)]*)\)`)
)

// faultsOf says what a query asks for that there is not: a metric, a label of
// one, or a value of a label.
func faultsOf(query string) []string {
	var faults []string
	known := []string{"job", "instance"}
	for _, found := range seriesIn.FindAllStringSubmatch(query, -1) {
		m, labels, ok := metricOf(found[1])
		if !ok {
			faults = append(faults, "there is no metric "+found[1])
			continue
		}
		known = append(known, labels...)
		for _, matcher := range matchersIn.FindAllStringSubmatch(found[2], -1) {
			name, value := matcher[1], matcher[3]
			if !slices.Contains(append(labels, "job", "instance"), name) {
				faults = append(faults, found[1]+" has no label "+name)
			}
			for _, l := range m.labels {
				if exact := !strings.HasSuffix(matcher[2], "~"); exact && l.name == name && len(l.values) > 0 && !slices.Contains(l.values, value) {
					faults = append(faults, found[1]+": "+name+" is never "+value)
				}
			}
		}
	}
	for _, group := range groupingIn.FindAllStringSubmatch(query, -1) {
		for name := range strings.SplitSeq(group[1], ",") {
			if name = strings.TrimSpace(name); !slices.Contains(known, name) {
				faults = append(faults, "nothing in "+query+" has the label "+name)
			}
		}
	}
	return faults
}

// metricOf returns the metric that a series belongs to, and the names of the
// series' labels.
func metricOf(series string) (meaning, []string, bool) {
	for _, m := range all() {
		if m.kind != "histogram" && m.name == series {
			return m.meaning, m.labelNames(), true
		}
		if suffix, ok := strings.CutPrefix(series, m.name); ok && m.kind == "histogram" {
			switch suffix {
			case "_bucket":
				return m.meaning, append(m.labelNames(), "le"), true
			case "_sum", "_count":
				return m.meaning, m.labelNames(), true
			}
		}
	}
	return meaning{}, nil, false
}

// TestFaultsOf: a test that can't fail would say nothing.
func TestFaultsOf(t *testing.T) {
	for query, want := range map[string]string{
		`tocsin_node_ready == 0`:    "",
		`tocsin_node_raedy == 0`:    "there is no metric tocsin_node_raedy",
		`tocsin_check_late_seconds`: "there is no metric tocsin_check_late_seconds", // a histogram has no such series
		`sum by (le, kind) (rate(tocsin_check_duration_seconds_bucket{result="UP",job="x"}[5m]))`: "",
		`tocsin_check_duration_seconds_sum{result="Up"}`:                                          "tocsin_check_duration_seconds_sum: result is never Up",
		`tocsin_check_running{kind="tcp"}`:                                                        "tocsin_check_running has no label kind",
		`sum by (kind) (tocsin_check_running)`:                                                    "nothing in sum by (kind) (tocsin_check_running) has the label kind",
	} {
		if got := strings.Join(faultsOf(query), "; "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}
