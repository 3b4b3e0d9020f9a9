package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/verify"
)

// checkFigures are about how the checks of this node keep up.
func checkFigures() []figure {
	return []figure{
		gauge("tocsin_check_endpoints", "Endpoints that the node checks.", func(s *Scene) float64 { return float64(s.Checks.Watched) }),
		gauge("tocsin_check_running", "Checks that run now.", func(s *Scene) float64 { return float64(s.Checks.Running) }),
		gauge("tocsin_check_waiting", "Checks that are due and wait for others to end, because as many run as may at once.", func(s *Scene) float64 { return float64(s.Checks.Waiting) }),
		gauge("tocsin_check_late_endpoints", "Endpoints whose last check began late.", func(s *Scene) float64 { return float64(s.Checks.Late) }),
		gauge("tocsin_check_stuck", "Checks that have not come back long after their deadline.", func(s *Scene) float64 { return float64(s.Checks.Stuck) }),
		gauge("tocsin_check_undecided_endpoints", "Endpoints about which the node has no verdict yet, because it has made too few checks.", func(s *Scene) float64 { return float64(s.Checks.Open) }),
		gauge("tocsin_check_lateness_seconds", "How long the check that is most overdue has been due.", func(s *Scene) float64 { return s.Checks.Lateness.Seconds() }),
		{
			meaning{"tocsin_check_last_timestamp_seconds", "When the newest check came back, as seconds since 1970; absent before the first.", nil},
			prometheus.GaugeValue, func(s *Scene, set setter) {
				if last := s.Checks.LastCheck; !last.IsZero() {
					set(float64(last.UnixNano()) / float64(time.Second))
				}
			},
		},
	}
}

// Checks observes the checks. It implements verify.Observer.
type Checks struct {
	durations map[checkResult]prometheus.Observer
	lateness  prometheus.Observer
	timedOut  map[string]prometheus.Counter
	dropped   map[string]prometheus.Counter
	stuck     map[string]prometheus.Counter
}

type checkResult struct {
	kind   fsm.Check
	result health.Status
}

var _ verify.Observer = (*Checks)(nil)

func newChecks(t *toolbox) *Checks {
	kind := label{"kind", words(fsm.Checks())}
	c := &Checks{
		durations: make(map[checkResult]prometheus.Observer),
		lateness:  t.histogram("tocsin_check_late_seconds", "How long after it was due a check began.", slow()),
		timedOut:  t.counters("tocsin_check_timeouts_total", "Checks that did not end before their deadline, by kind.", kind),
		dropped:   t.counters("tocsin_check_dropped_total", "Checks whose result was dropped, because their endpoint was changed or deleted meanwhile, by kind.", kind),
		stuck:     t.counters("tocsin_check_stuck_total", "Checks that could not be ended when their deadline was long over, by kind.", kind),
	}
	durations := t.histogramVec(meaning{
		"tocsin_check_duration_seconds", "How long checks took, by kind and result. Its count is the number of checks.",
		[]label{kind, {"result", statuses()}},
	}, slow())
	for _, k := range fsm.Checks() {
		for _, r := range []health.Status{health.Up, health.Down, health.Unknown} {
			c.durations[checkResult{k, r}] = durations.WithLabelValues(string(k), r.String())
		}
	}
	return c
}

// Checked implements verify.Observer. A kind that this build does not know is
// not counted.
func (c *Checks) Checked(kind fsm.Check, s verify.Sample) {
	c.lateness.Observe(s.Late.Seconds())
	if d, known := c.durations[checkResult{kind, s.Status}]; known {
		d.Observe(s.Duration.Seconds())
	}
	if s.TimedOut {
		add(c.timedOut, string(kind))
	}
}

// Dropped implements verify.Observer.
func (c *Checks) Dropped(kind fsm.Check) { add(c.dropped, string(kind)) }

// Stuck implements verify.Observer.
func (c *Checks) Stuck(kind fsm.Check) { add(c.stuck, string(kind)) }

// add counts one more of a kind that is known.
func add(counters map[string]prometheus.Counter, kind string) {
	if c, known := counters[kind]; known {
		c.Inc()
	}
}
