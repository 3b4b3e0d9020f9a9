package check_test

import (
	"time"

	"tocsin/clustertest/check"
	"tocsin/fsm"
	"tocsin/health"
)

// What is done to a good history.

// last returns the last event of h, to be spoiled.
func last(h *check.History) *fsm.Event { return h.Events[len(h.Events)-1].Event }

// attempts is how often the settings of the history allow a script to fail.
var attempts = fsm.DefaultClusterSettings().NotifyAttempts

// label makes the one write of h one that no other is like.
func label(h *check.History) fsm.Command {
	set := fsm.SetEndpoint{Key: "db", Value: "db-1", Labels: &map[string]string{"write": "1"}}
	h.Log[h.Writes[0].Index-1].Commands[0], h.Writes[0].Command = set, set
	return set
}

// again appends one more run of the last event on n2, after the one there is.
func again(h *check.History, change func(*check.Run)) {
	r := h.Runs[1]
	r.Attempt, r.From, r.End = 2, 70*second, 71*second
	change(&r)
	h.Runs = append(h.Runs, r)
}

// retries has the run of the last event on n2 fail, and so many more after it.
func retries(h *check.History, more int) {
	h.Runs[1].Exit, h.Endings[1].Ending, h.Endings[1].At = 1, fsm.GaveUp, 5*time.Minute
	for i := range more {
		again(h, func(r *check.Run) {
			r.Exit, r.Attempt = 1, i+2
			r.From, r.End = time.Duration(70+2*i)*second, time.Duration(71+2*i)*second
		})
	}
}

// asks lets somebody ask a node to run the last event again, before again does.
func asks(h *check.History, node string) {
	h.Log = append(h.Log, check.Entry{Index: uint64(len(h.Log) + 1), Term: 2, At: 69 * second, Commands: []fsm.Command{fsm.RetryNotification{Event: last(h).ID, Node: node}}})
}

// pause pauses what has that prefix in the entry of the first event, until a
// moment, or for ever.
func pause(h *check.History, prefix string, until time.Duration) {
	p := fsm.Pause{Scope: fsm.Scope{Prefix: prefix}, Reason: "r", Since: epoch.Add(30 * second)}
	if until > 0 {
		p.Until = epoch.Add(until)
	}
	h.Log[6].Commands = append(h.Log[6].Commands, fsm.PauseEndpoints{Pause: p})
}

// commit appends an entry to the log.
func commit(h *check.History, at time.Duration, commands ...fsm.Command) (index uint64) {
	index = uint64(len(h.Log) + 1)
	h.Log = append(h.Log, check.Entry{Index: index, Term: 2, At: at, Commands: commands})
	return index
}

// relate adds, beside db, a router that somebody says is DOWN, and a switch that
// depends on it, and does more before the last event.
func relate(h *check.History, more ...fsm.Command) {
	does := func(entry int, c ...fsm.Command) { h.Log[entry-1].Commands = append(h.Log[entry-1].Commands, c...) }
	does(3, fsm.SetEndpoint{Key: "router", Value: "r"}, fsm.SetEndpoint{Key: "switch", Value: "s", Parents: &[]string{"router"}})
	does(6, fsm.ForceState{Key: "router", To: health.Down})
	does(7, more...)
	e := *h.Events[0].Event
	e.ID, e.Generation, e.Key, e.Value, e.To = 6, 3, "router", "r", health.Down
	e.Time, e.Votes, e.Manual = epoch.Add(h.Log[5].At), nil, &fsm.Manual{Reason: "r"}
	h.Events = append([]check.Event{{Event: &e, At: h.Log[5].At}}, h.Events...)
	h.Well = nil // when the two are decided is not looked at
}

// byHand makes the last event one that nobody voted for.
func byHand(h *check.History) { last(h).Manual, last(h).Votes = &fsm.Manual{Reason: "r"}, nil }

// brake lets so many percent be DOWN from the founding on.
func brake(h *check.History, percent fsm.Share) {
	h.Log[1].Commands = []fsm.Command{fsm.Found{ClusterID: "c", Settings: settings(percent)}}
}
