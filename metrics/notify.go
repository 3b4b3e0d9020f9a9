package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/fsm"
	"tocsin/notify"
)

// notifyFigures are about the notifications of this node. They are absent before
// the node takes part.
func notifyFigures() []figure {
	of := func(value func(notify.Status) float64) func(*Scene, setter) {
		return func(s *Scene, set setter) {
			if n := s.Ready.Notifications; n != nil {
				set(value(*n))
			}
		}
	}
	gauge := func(name, help string, value func(notify.Status) float64) figure {
		return figure{meaning{name: name, help: help}, prometheus.GaugeValue, of(value)}
	}
	counter := func(name, help string, value func(notify.Status) uint64) figure {
		return figure{meaning{name: name, help: help}, prometheus.CounterValue, of(func(n notify.Status) float64 { return float64(value(n)) })}
	}
	return []figure{
		gauge("tocsin_notify_waiting", "Notifications that have not ended and do not run, those between two attempts among them.", func(n notify.Status) float64 { return float64(n.Waiting) }),
		gauge("tocsin_notify_running", "Notification scripts that run.", func(n notify.Status) float64 { return float64(n.Running) }),
		gauge("tocsin_notify_overdue", "Those of them that have not come back long after their deadline.", func(n notify.Status) float64 { return float64(n.Overdue) }),
		gauge("tocsin_notify_unreported", "Outcomes that the cluster does not show yet.", func(n notify.Status) float64 { return float64(n.Unreported) }),
		gauge("tocsin_notify_cursor", "The last event that the node has taken in; tocsin_cluster_last_event is the last there is.", func(n notify.Status) float64 { return float64(n.Cursor) }),
		{
			meaning{"tocsin_notify_oldest_seconds", "How long the node has known of the oldest event whose notification has not ended; 0 if all have.", nil},
			prometheus.GaugeValue, func(s *Scene, set setter) {
				if n := s.Ready.Notifications; n != nil && n.Oldest.IsZero() {
					set(0)
				} else if n != nil {
					set(max(s.Now.Sub(n.Oldest), 0).Seconds())
				}
			},
		},
		gauge("tocsin_notify_stuck", "1 if notifications stand still though their scripts are not to blame (the ledger can't be written, no script can be started or ended), else 0.",
			func(n notify.Status) float64 { return yes(n.Stuck != "") }),
		counter("tocsin_notify_gaps_total", "Times that events were found to be out of reach.", func(n notify.Status) uint64 { return n.Gaps }),
		counter("tocsin_notify_missed_total", "Events that passed the node by.", func(n notify.Status) uint64 { return n.Missed }),
		counter("tocsin_notify_made_up_total", "Notifications that were run in their place.", func(n notify.Status) uint64 { return n.MadeUp }),
		counter("tocsin_notify_outcomes_dropped_total", "Outcomes that could not be reported, because the cluster had forgotten their events or refused them.", func(n notify.Status) uint64 { return n.Dropped }),
	}
}

// Notifications observes the notifications. It implements notify.Observer.
type Notifications struct {
	delay   prometheus.Observer
	runs    map[string]prometheus.Observer
	endings map[string]prometheus.Counter
	reports map[string]prometheus.Counter
}

var _ notify.Observer = (*Notifications)(nil)

// What becomes of reports.
const (
	reported     = "answered"
	reportFailed = "failed"
)

func newNotifications(t *toolbox) *Notifications {
	return &Notifications{
		delay: t.histogram("tocsin_notify_delay_seconds", "From when the node had applied an event until its script was first started.", slow()),
		runs: t.histograms("tocsin_notify_run_duration_seconds", "How long runs of notification scripts took, by what came of them. Its count is the number of runs; all but succeeded and refused are tried again, as far as attempts are left.",
			label{"result", words(notify.Results())}, slow()),
		endings: t.counters("tocsin_notify_ended_total", "Notifications that ended, by how.", label{"ending", words(fsm.Endings())}),
		reports: t.counters("tocsin_notify_reports_total", "Reports of outcomes to the cluster; what failed is reported again.", label{"result", []string{reported, reportFailed}}),
	}
}

// Started implements notify.Observer.
func (n *Notifications) Started(delay time.Duration) { n.delay.Observe(delay.Seconds()) }

// Ran implements notify.Observer.
func (n *Notifications) Ran(result notify.Result, took time.Duration) {
	if r, known := n.runs[string(result)]; known {
		r.Observe(took.Seconds())
	}
}

// Ended implements notify.Observer.
func (n *Notifications) Ended(ending fsm.Ending) { add(n.endings, string(ending)) }

// Reported implements notify.Observer.
func (n *Notifications) Reported(err error) {
	if err != nil {
		add(n.reports, reportFailed)
		return
	}
	add(n.reports, reported)
}
