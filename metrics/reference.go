package metrics

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// all returns what there is to be known of each metric, in order of names.
func all() []documented {
	tools := &toolbox{}
	newInstruments(tools)
	known := tools.known
	for _, f := range figures(true) {
		kind := "gauge"
		if f.kind == prometheus.CounterValue {
			kind = "counter"
		}
		known = append(known, documented{f.meaning, kind})
	}
	slices.SortFunc(known, func(a, b documented) int { return cmp.Compare(a.name, b.name) })
	return known
}

// Names returns the names of all metrics with the prefix tocsin_, in order. A
// histogram's is the one that its series _bucket, _sum and _count begin with.
func Names() []string {
	var names []string
	for _, m := range all() {
		names = append(names, m.name)
	}
	return names
}

// Reference returns all metrics as tables in Markdown, one for each subject.
func Reference() string {
	var b strings.Builder
	subject := ""
	for _, m := range all() {
		if s := strings.Split(m.name, "_")[1]; s != subject {
			if subject != "" {
				b.WriteString("\n")
			}
			subject = s
			fmt.Fprintf(&b, "### tocsin_%s\n\n| metric | type | labels | |\n|---|---|---|---|\n", subject)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.name, m.kind, m.labelTexts(), strings.ReplaceAll(m.help, "|", `\|`))
	}
	return b.String()
}

func (m meaning) labelTexts() string {
	texts := make([]string, len(m.labels))
	for i, l := range m.labels {
		texts[i] = "`" + l.name + "`"
		if len(l.values) > 0 {
			texts[i] += ": " + strings.Join(l.values, ", ")
		}
	}
	return strings.Join(texts, "; ")
}
