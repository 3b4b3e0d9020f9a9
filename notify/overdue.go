package notify

import (
	"fmt"
	"time"

	"tocsin/script"
)

// patience is how long after its timeout a run may take to come back: its
// script is told to end, then killed. What takes longer hangs in the kernel, on
// a dead file system for one, and nobody can say for how long.
const patience = script.DefaultGrace + 10*time.Second

// flight is one run that has not come back.
type flight struct {
	overdueAt time.Time
	overdue   bool
}

// noteOverdue finds the runs that should have come back by all reckoning. Their
// places stay taken and their lanes stand still, for they may still be at work.
func (o *owner) noteOverdue() {
	for n, f := range o.flights {
		if f.overdue || o.now.Before(f.overdueAt) {
			continue
		}
		f.overdue = true
		o.overdue++
		o.log.Error("a notification script can't be ended: its endpoint is not notified of anything newer until it comes back; look at what it waits for",
			"event", n.Event, "key", n.Key, "attempt", n.Attempt)
	}
}

// land notes that n's run has come back.
func (o *owner) land(n *notification) {
	if o.flights[n].overdue {
		o.overdue--
		o.log.Info("a notification script that could not be ended has come back", "event", n.Event, "key", n.Key, "attempt", n.Attempt)
	}
	delete(o.flights, n)
}

// standstill says why notifications stand still, "" if none does.
func (o *owner) standstill() string {
	switch {
	case o.trouble != nil:
		return o.trouble.String()
	case o.shortage != "":
		return "no script can be started: " + o.shortage
	case o.overdue > 0:
		return fmt.Sprintf("%d of %d scripts that may run at once have not come back long after their deadline: look at the scripts, and at what they wait for",
			o.overdue, o.config.MaxRunning)
	}
	return ""
}
