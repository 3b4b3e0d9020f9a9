package metrics

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/api"
	"tocsin/fsm"
)

func writeFigures() []figure {
	return []figure{
		gauge("tocsin_write_queued", "Writes that wait on this node for a place in an entry of the log.", func(s *Scene) float64 { return float64(s.WritesQueued) }),
	}
}

// What becomes of a write.
const (
	written   = "applied"
	refused   = "refused"
	noLeader  = "no-leader"
	uncertain = "uncertain"
	failed    = "failed"
)

// Writes observes what this node asks the leader to write, itself if it leads.
type Writes struct {
	durations map[string]prometheus.Observer
	retries   prometheus.Counter
}

func newWrites(t *toolbox) *Writes {
	return &Writes{
		durations: t.histograms("tocsin_write_duration_seconds", "How long writes took that were asked for on this node, by what came of them; no-leader: nothing was done; uncertain: nobody can tell.",
			label{"result", []string{written, refused, noLeader, uncertain, failed}}, quick()),
		retries: t.counter("tocsin_write_retries_total", "Times that a write was tried again because whoever was asked did not lead."),
	}
}

// Done notes that a write has ended.
func (w *Writes) Done(took time.Duration, err error) {
	w.durations[resultOf(err)].Observe(took.Seconds())
}

// Retried notes that a write is tried again.
func (w *Writes) Retried() { w.retries.Inc() }

func resultOf(err error) string {
	_, isRefusal := errors.AsType[*fsm.Refusal](err)
	switch {
	case err == nil:
		return written
	case isRefusal:
		return refused
	case errors.Is(err, api.ErrNoLeader):
		return noLeader
	case errors.Is(err, api.ErrUncertain):
		return uncertain
	}
	return failed
}

// Disk observes the writes of raft to its store.
type Disk struct{ writes prometheus.Observer }

func newDisk(t *toolbox) *Disk {
	return &Disk{t.histogram("tocsin_raft_store_write_duration_seconds", "How long writes to the raft store took, the sync included.", quick())}
}

// Wrote notes a write that has come back.
func (d *Disk) Wrote(took time.Duration) { d.writes.Observe(took.Seconds()) }
