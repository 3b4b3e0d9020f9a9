package replay

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/clustertest/check"
	"tocsin/fsm"
)

// Committed is an entry and when the first node applied it.
type Committed struct {
	*raft.Log
	At time.Duration
}

// Log replays a committed log, which has to begin with entry 1 and to be without
// a gap. It adds entries and events to h, and returns the state at the end.
func Log(h *check.History, log []Committed) (*fsm.View, error) {
	machine := fsm.NewMachine()
	for i, c := range log {
		if want := uint64(i + 1); c.Index != want {
			return nil, fmt.Errorf("entry %d of the log is where entry %d should be", c.Index, want)
		}
		entry := check.Entry{Index: c.Index, Term: c.Term, At: c.At}
		before := machine.View()
		switch c.Type {
		case raft.LogCommand:
			commands, err := fsm.Decode(c.Data)
			if err != nil {
				return nil, fmt.Errorf("entry %d of the log: %w", c.Index, err)
			}
			entry.Commands = commands
			entry.Refused = refused(machine.Apply(c.Log))
		case raft.LogConfiguration:
			entry.Voters = voters(raft.DecodeConfiguration(c.Data))
		}
		h.Log = append(h.Log, entry)
		for e := range machine.View().EventsAfter(before.LastEvent()) {
			h.Events = append(h.Events, eventOf(e, before, c.At))
		}
	}
	return machine.View(), nil
}

// refused returns which commands of an entry changed nothing since they were
// refused, given what applying it returned.
func refused(applied any) map[int]bool {
	results, _ := applied.([]fsm.Result)
	places := map[int]bool{}
	for i, r := range results {
		if r.Refused != nil {
			places[i] = true
		}
	}
	return places
}

func eventOf(e *fsm.Event, before *fsm.View, at time.Duration) check.Event {
	event := check.Event{Event: e, At: at, Observers: slices.Collect(before.Observers()), TTL: before.Settings().BallotTTL()}
	if endpoint, ok := before.Endpoint(e.Key); ok {
		event.Settings = before.SettingsOf(endpoint)
	}
	return event
}

func voters(c raft.Configuration) []string {
	names := []string{}
	for _, s := range c.Servers {
		if s.Suffrage == raft.Voter {
			names = append(names, string(s.ID))
		}
	}
	return names
}

// Digest writes down all that a View holds, a line each.
func Digest(v *fsm.View) string {
	var text strings.Builder
	line := func(what string, of any) {
		packed, err := json.Marshal(of)
		fmt.Fprintf(&text, "%s %s %v\n", what, packed, err)
	}
	line("settings", v.Settings())
	line("cluster", v.ClusterID())
	for e := range v.Endpoints("") {
		line("endpoint", e)
	}
	for o := range v.Observers() {
		line("observer", o)
	}
	for e := range v.EventsAfter(0) {
		line("event", e)
		for o := range v.Outcomes(e.ID) {
			line("outcome", o)
		}
	}
	for e := range v.AwaitingLeader() {
		line("awaiting", e.ID)
	}
	return text.String()
}
