package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/hold"
	"tocsin/quorum"
)

// Decisions observes what this node decides as the leader. It implements
// quorum.Observer.
type Decisions struct {
	proposals map[string]prometheus.Observer
	events    map[eventKind]prometheus.Counter
	heldBack  map[string]prometheus.Counter
}

type eventKind struct {
	to       health.Status
	baseline bool
}

var _ quorum.Observer = (*Decisions)(nil)

func newDecisions(t *toolbox) *Decisions {
	d := &Decisions{
		proposals: t.histograms("tocsin_quorum_decision_duration_seconds", "From when the leader found a quorum for a change until it had applied it, or knew that this came to nothing, by what came of it.",
			label{"result", words(quorum.Results())}, quick()),
		events:   make(map[eventKind]prometheus.Counter),
		heldBack: t.counters("tocsin_quorum_held_back_total", "Times that a change had a quorum and something held it back, by what it was.", label{"by", words(hold.Kinds())}),
	}
	events := t.counterVec(meaning{
		"tocsin_quorum_events_total", "Events that the node, as the leader, has brought about. The sum over all nodes is that of the cluster.",
		[]label{{"to", []string{health.Up.String(), health.Down.String()}}, {"baseline", []string{"false", "true"}}},
	})
	for _, to := range []health.Status{health.Up, health.Down} {
		d.events[eventKind{to, false}] = events.WithLabelValues(to.String(), "false")
		d.events[eventKind{to, true}] = events.WithLabelValues(to.String(), "true")
	}
	return d
}

// Proposed implements quorum.Observer.
func (d *Decisions) Proposed(result quorum.Result, took time.Duration) {
	if p, known := d.proposals[string(result)]; known {
		p.Observe(took.Seconds())
	}
}

// Changed implements quorum.Observer.
func (d *Decisions) Changed(e *fsm.Event) {
	if c, known := d.events[eventKind{e.To, e.Baseline}]; known {
		c.Inc()
	}
}

// HeldBack implements quorum.Observer.
func (d *Decisions) HeldBack(by hold.Kind) {
	if c, known := d.heldBack[string(by)]; known {
		c.Inc()
	}
}
