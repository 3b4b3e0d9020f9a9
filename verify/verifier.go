package verify

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"

	"tocsin/fsm"
	"tocsin/health"
)

// Config says what a Verifier works with.
type Config struct {
	// Node and Site are handed to the checks.
	Node, Site string
	// Machine gives the endpoints; *fsm.Machine does.
	Machine interface{ View() *fsm.View }
	// Checker does the checks.
	Checker Checker
	// Verdicts hears of every verdict that changes.
	Verdicts Verdicts

	// MaxChecks is how many checks run at once that need a process each, those
	// of the kinds script and nagios; 0 means 64. To be on time they need
	// endpoints × seconds of a check ÷ interval, and the machine must bear it.
	MaxChecks int
	// MaxConnections is the same for the kinds http and tcp, which need a
	// goroutine and a file descriptor each; 0 means 1024.
	MaxConnections int
	// MaxLines is the same for the kind stream, which needs a goroutine and a
	// line to a script that runs already; 0 means 1024.
	MaxLines int
	// KeepSamples is how many samples are kept of each endpoint; 0 means 10.
	KeepSamples int

	// Observer hears of every check; nil: nobody does.
	Observer Observer
	// Logger gets what an operator wants to know; nil discards it.
	Logger *slog.Logger
}

// Verifier checks the endpoints of one node. All methods but Run may be called
// at any time, from any goroutine, and but for CheckNow never wait.
type Verifier struct {
	cfg      Config
	records  records
	progress atomic.Pointer[schedule]
	renewals renewals
	limits   limits
	asks     chan ask      // never closed; no place, so that whoever asks is heard or goes
	ended    chan struct{} // closed when Run returns
}

// New returns a Verifier that does nothing until Run is called.
func New(cfg Config) *Verifier {
	cfg.MaxChecks = checksOrDefault(cfg.MaxChecks)
	if cfg.MaxConnections <= 0 {
		cfg.MaxConnections = 1024
	}
	if cfg.MaxLines <= 0 {
		cfg.MaxLines = 1024
	}
	if cfg.KeepSamples <= 0 {
		cfg.KeepSamples = 10
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Observer == nil {
		cfg.Observer = unobserved{}
	}
	cfg.Logger = cfg.Logger.With("component", "verify")
	v := &Verifier{
		cfg: cfg, records: records{keep: cfg.KeepSamples},
		renewals: renewals{ready: make(chan struct{}, 1)}, limits: limits{changed: make(chan struct{}, 1)},
		asks: make(chan ask), ended: make(chan struct{}),
	}
	v.limits.checks.Store(int64(cfg.MaxChecks))
	v.progress.Store(&schedule{})
	return v
}

// Run checks the endpoints until ctx ends, then stops the checks in flight and
// returns nil when the last of them has returned. It may be called once.
func (v *Verifier) Run(ctx context.Context) error {
	defer close(v.ended)
	s := newScheduler(v.cfg, &v.records, &v.progress, &v.renewals, &v.limits, v.asks)
	s.run(ctx)
	return nil
}

// Samples returns the last samples of key, oldest first. The samples of a
// deleted endpoint stay until Forget.
func (v *Verifier) Samples(key string) []Sample { return slices.Clone(v.records.get(key).samples) }

// SampledKeys returns, in order, the keys of which there are samples.
func (v *Verifier) SampledKeys() []string { return v.records.keys() }

// Forget drops the samples of a deleted endpoint. It does nothing for one that
// is watched.
func (v *Verifier) Forget(key string) { v.records.forget(key) }

// Verdict returns what this node holds about key, and the reason of the sample
// that settled it. It is UNKNOWN for an endpoint that is not watched.
func (v *Verifier) Verdict(key string) (health.Status, string) {
	r := v.records.get(key)
	return r.verdict, r.reason
}
