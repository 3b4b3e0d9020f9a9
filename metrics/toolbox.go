package metrics

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// toolbox makes the instruments' metrics and remembers them.
type toolbox struct {
	made  []prometheus.Collector
	known []documented
}

// documented is a metric, and of which type it is, in Prometheus's words.
type documented struct {
	meaning
	kind string
}

// counters makes a counter with at most one label, and returns the one of each
// of its values.
func (t *toolbox) counters(name, help string, by label) map[string]prometheus.Counter {
	v := t.counterVec(meaning{name, help, []label{by}})
	all := make(map[string]prometheus.Counter, len(by.values))
	for _, value := range by.values {
		all[value] = v.WithLabelValues(value)
	}
	return all
}

func (t *toolbox) counterVec(m meaning) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: m.name, Help: m.help}, m.labelNames())
	t.keep(m, "counter", v)
	return v
}

func (t *toolbox) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	t.keep(meaning{name: name, help: help}, "counter", c)
	return c
}

func (t *toolbox) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	t.keep(meaning{name: name, help: help}, "histogram", h)
	return h
}

// histograms makes a histogram with one label, and returns the one of each of
// its values.
func (t *toolbox) histograms(name, help string, by label, buckets []float64) map[string]prometheus.Observer {
	v := t.histogramVec(meaning{name, help, []label{by}}, buckets)
	all := make(map[string]prometheus.Observer, len(by.values))
	for _, value := range by.values {
		all[value] = v.WithLabelValues(value)
	}
	return all
}

func (t *toolbox) histogramVec(m meaning, buckets []float64) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: m.name, Help: m.help, Buckets: buckets}, m.labelNames())
	t.keep(m, "histogram", v)
	return v
}

func (t *toolbox) keep(m meaning, kind string, c prometheus.Collector) {
	t.made = append(t.made, c)
	t.known = append(t.known, documented{m, kind})
}

// words writes values of a type of words as strings.
func words[W ~string](all []W) []string {
	texts := make([]string, len(all))
	for i, w := range all {
		texts[i] = string(w)
	}
	return slices.Clip(texts)
}

// quick are the buckets, in seconds, for what takes moments: a write to the
// disk, or one to the log.
func quick() []float64 {
	return []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
}

// slow are those for what runs a script, or waits.
func slow() []float64 {
	return []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
}
