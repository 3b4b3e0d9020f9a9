package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
)

// meaning is what the documentation says of a metric.
type meaning struct {
	name, help string
	labels     []label
}

// label is one label of a metric, and the values that it can have; none if they
// are free, and then its metric has but one series, or a bound.
type label struct {
	name   string
	values []string
}

func (m meaning) labelNames() []string {
	names := make([]string, len(m.labels))
	for i, l := range m.labels {
		names[i] = l.name
	}
	return names
}

// figure is a metric that is read from a Scene.
type figure struct {
	meaning
	kind prometheus.ValueType
	// read hands each series to set: a value, and a value for each label. It
	// hands over none if the scene does not tell.
	read func(s *Scene, set setter)
}

type setter func(value float64, labels ...string)

// gauge is a figure without labels that goes up and down.
func gauge(name, help string, value func(*Scene) float64) figure {
	return figure{meaning{name: name, help: help}, prometheus.GaugeValue, func(s *Scene, set setter) { set(value(s)) }}
}

// counter is a figure without labels that counts since the node's start.
func counter(name, help string, value func(*Scene) uint64) figure {
	return figure{meaning{name: name, help: help}, prometheus.CounterValue, func(s *Scene, set setter) { set(float64(value(s))) }}
}

// split is a figure with one label.
func split(kind prometheus.ValueType, name, help string, by label, read func(*Scene, setter)) figure {
	return figure{meaning{name, help, []label{by}}, kind, read}
}

// figures returns all there are.
func figures(endpoints bool) []figure {
	var all []figure
	for _, some := range [][]figure{
		nodeFigures(), clusterFigures(), raftFigures(), checkFigures(), streamFigures(), doubtFigures(), gossipFigures(), notifyFigures(), writeFigures(),
	} {
		all = append(all, some...)
	}
	if endpoints {
		all = append(all, endpointFigures()...)
	}
	return all
}

// yes is how a gauge says whether something is so.
func yes(so bool) float64 {
	if so {
		return 1
	}
	return 0
}
