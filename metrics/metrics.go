package metrics

import (
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	// maxScrapes is how many may ask at once; more are turned away.
	maxScrapes = 4
	// scrapeTimeout is how long an answer may take.
	scrapeTimeout = 10 * time.Second
)

// Config says what is shown.
type Config struct {
	// Source is the node.
	Source Source
	// Endpoints shows the state of each endpoint, of MaxEndpoints at most.
	Endpoints bool
	// Logger is told what can't be shown; nil discards.
	Logger *slog.Logger
}

// Metrics are those of one node.
type Metrics struct {
	*Instruments
	registry *prometheus.Registry
	log      *slog.Logger
}

// Instruments observe what a scene can't show.
type Instruments struct {
	Checks        *Checks
	Decisions     *Decisions
	Notifications *Notifications
	Writes        *Writes
	Leadership    *Leadership
	Requests      *Requests
	Disk          *Disk
}

// New returns the metrics of a node. It asks the source for nothing before
// somebody asks the Handler.
func New(c Config) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), log: slog.New(slog.DiscardHandler)}
	if c.Logger != nil {
		m.log = c.Logger.With("component", "metrics")
	}
	tools := &toolbox{}
	m.Instruments = newInstruments(tools)
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(newExhibition(c.Source, figures(c.Endpoints)))
	m.registry.MustRegister(tools.made...)
	return m
}

func newInstruments(tools *toolbox) *Instruments {
	return &Instruments{
		Checks: newChecks(tools), Decisions: newDecisions(tools), Notifications: newNotifications(tools),
		Writes: newWrites(tools), Leadership: newLeadership(tools), Requests: newRequests(tools), Disk: newDisk(tools),
	}
}

// Handler answers scrapes, with what could be gathered if something could not.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: errorLog{m.log}, ErrorHandling: promhttp.ContinueOnError, Registry: m.registry,
		MaxRequestsInFlight: maxScrapes, Timeout: scrapeTimeout,
	})
}

// errorLog tells the log what promhttp tells.
type errorLog struct{ log *slog.Logger }

func (e errorLog) Println(words ...any) {
	for _, w := range words {
		if err, ok := w.(error); ok {
			e.log.Error("some metrics can't be shown", "err", err)
		}
	}
}

// exhibition shows figures. It implements prometheus.Collector.
type exhibition struct {
	source  Source
	figures []figure
	descs   []*prometheus.Desc // of each figure
}

func newExhibition(source Source, figures []figure) *exhibition {
	e := &exhibition{source: source, figures: figures}
	for _, f := range figures {
		e.descs = append(e.descs, prometheus.NewDesc(f.name, f.help, f.labelNames(), nil))
	}
	return e
}

// Describe implements prometheus.Collector.
func (e *exhibition) Describe(to chan<- *prometheus.Desc) {
	for _, d := range e.descs {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (e *exhibition) Collect(to chan<- prometheus.Metric) {
	scene := e.source.Scene()
	for i, f := range e.figures {
		f.read(&scene, func(value float64, labels ...string) {
			to <- prometheus.MustNewConstMetric(e.descs[i], f.kind, value, labels...)
		})
	}
}

// goVersion is what this program was built with.
func goVersion() string { return runtime.Version() }
