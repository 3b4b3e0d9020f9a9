package warning

import (
	"log/slog"
	"slices"
	"time"

	"tocsin/api"
)

// grace is how long something has to be so before it is worth a word:
// longer than a restart, a move, or the growing of a cluster by one node.
const grace = time.Minute

// Watched is what the warnings are at present, and since when. It belongs to one
// goroutine.
type Watched struct {
	since  map[api.Warning]time.Time
	logged map[api.Warning]bool
}

// NewWatched returns one that has seen nothing.
func NewWatched() *Watched {
	return &Watched{since: make(map[api.Warning]time.Time), logged: make(map[api.Warning]bool)}
}

// Update takes what is so now, and returns what has been so for grace, in
// the same order.
func (w *Watched) Update(now time.Time, found []api.Warning) (lasting []api.Warning) {
	for known := range w.since {
		if !slices.Contains(found, known) {
			delete(w.since, known)
		}
	}
	for _, f := range found {
		if _, known := w.since[f]; !known {
			w.since[f] = now
		}
		if now.Sub(w.since[f]) >= grace {
			lasting = append(lasting, f)
		}
	}
	return lasting
}

// Log tells the log what has begun to last, if it is for this node to tell, and
// what is over of what it told: once each.
func (w *Watched) Log(log *slog.Logger, tells bool, lasting []api.Warning) {
	for told := range w.logged {
		if !slices.Contains(lasting, told) {
			delete(w.logged, told)
			log.Info("a warning about the members is over", "warning", string(told.Code), "text", told.Text)
		}
	}
	for _, l := range lasting {
		if tells && !w.logged[l] && !toldElsewhere(l.Code) {
			w.logged[l] = true
			log.Warn("a warning about the members", "warning", string(l.Code), "text", l.Text)
		}
	}
}

// toldElsewhere reports whether the gossip, or whoever decides, tells the log of it
// at once.
func toldElsewhere(code api.WarningCode) bool {
	return code == api.WarnSilent || code == api.WarnForeignGossip || code == api.WarnUnreadableWindow
}
