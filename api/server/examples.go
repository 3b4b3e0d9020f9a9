package server

import (
	"time"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
)

// The examples of the document, made of the types themselves, so that they
// can't say what no node would.

func exampleTime() time.Time { return time.Date(2026, 11, 20, 16, 4, 2, 0, time.UTC) }

func exampleEndpoint() api.Endpoint {
	own := fsm.Overrides{Check: new(fsm.CheckHTTP), Interval: new(fsm.Duration(5 * time.Second))}
	return api.Endpoint{
		Key: "web", Value: "http://10.0.0.1/health", State: health.Up, Since: exampleTime(),
		Settings: own, Effective: own.Over(fsm.DefaultSettings()), Labels: map[string]string{"team": "storage"},
		Generation: 17, Revision: 17, Configured: 17, Modified: 42, LastEvent: 42,
	}
}

func exampleRequest() api.EndpointRequest {
	return api.EndpointRequest{
		Value:    new("http://10.0.0.1/health"),
		Settings: &fsm.Overrides{Check: new(fsm.CheckHTTP), Interval: new(fsm.Duration(5 * time.Second))},
		Labels:   &map[string]string{"team": "storage"},
	}
}

func exampleWritten() api.Written {
	return api.Written{Key: "web", Index: 17, Changed: true, Added: true}
}

func exampleVotes() []fsm.Vote {
	return []fsm.Vote{
		{Node: "node1", Site: "paris", Verdict: health.Up, Age: fsm.Duration(800 * time.Millisecond), Reason: "200 OK"},
		{Node: "node2", Site: "paris", Verdict: health.Up, Age: fsm.Duration(900 * time.Millisecond), Reason: "200 OK"},
		{Node: "node3", Site: "lyon", Verdict: health.Unknown, Age: fsm.Duration(time.Hour), Excluded: api.ExcludedStale},
	}
}

func exampleStatus() api.Status {
	return api.Status{
		Cluster: api.Cluster{
			ID: "GDB3C4KQ", Node: "node1", Leader: "node2", Index: 43, Time: exampleTime().Add(time.Minute),
			Observers: []api.Observer{{
				Node: "node1", Site: "paris", HTTP: "10.0.0.1:6000", Raft: "10.0.0.1:7000", Gossip: "10.0.0.1:8000",
				Version: "1.0.0", Protocol: 1, Fresh: true, HeardAgo: new(fsm.Duration(800 * time.Millisecond)), Voter: new(true),
			}},
			Quorum: 2, Sites: 1, Endpoints: 1, Protocol: 1, ProtocolInUse: 1, Events: 1, LastEvent: 42,
		},
		Endpoints: []api.EndpointStatus{{
			Key: "web", Value: "http://10.0.0.1/health", State: health.Up, Since: exampleTime(), Generation: 17, Revision: 17, LastEvent: 42,
			Tally: api.Tally{Up: 2, Unknown: 1}, Quorum: 2, Sites: 1, Votes: exampleVotes(), Labels: map[string]string{"team": "storage"},
		}},
	}
}

func exampleEvent() api.Event {
	return api.Event{
		Event: fsm.Event{
			ID: 42, Key: "web", Value: "http://10.0.0.1/health", Generation: 17, Sequence: 2, From: health.Down, To: health.Up,
			Time: exampleTime(), Leader: "node2", Term: 3, Quorum: 2, Votes: exampleVotes(),
		},
		Tally: api.Tally{Up: 2, Unknown: 1},
		Outcomes: map[string]fsm.Outcome{"node1": {
			Event: 42, Node: "node1", Role: fsm.Follower, Ending: fsm.Done, Attempt: 1, Duration: fsm.Duration(12 * time.Millisecond), Time: exampleTime(),
		}},
	}
}

func exampleWhy() api.Why {
	e := exampleStatus().Endpoints[0]
	decided := exampleEvent()
	why := api.Why{
		Node: "node1", Leader: "node2", Index: 43, Time: exampleTime().Add(time.Minute), Endpoint: e,
		Said: said(e), Needs: needs(e), HeldBackBy: obstacles(e, "node2"), Decided: &decided, Notifications: []api.Notification{{
			Event: 42, Key: e.Key, To: health.Up, Time: exampleTime(), Node: "node1", Stage: api.StageDone, Outcome: new(decided.Outcomes["node1"]),
		}, {
			Event: 42, Key: e.Key, To: health.Up, Time: exampleTime(), Node: "node2", Stage: api.StagePausing, Open: &api.OpenProgress{
				Event: 42, Key: e.Key, To: health.Up, Phase: api.StagePausing, Role: fsm.Leader, Attempt: 2, Limit: 10,
				For: fsm.Duration(time.Second), Next: fsm.Duration(3 * time.Second), Problem: "exit code 1, attempt 2 of 10",
			},
		}, {
			Event: 42, Key: e.Key, To: health.Up, Time: exampleTime(), Node: "node3", Stage: api.StageUnheard, Silent: "it did not answer within 2s",
		}},
	}
	for _, v := range e.Votes {
		n := api.NodeAccount{Node: v.Node, Site: v.Site, Vote: v, Samples: []api.SeenSample{}, Silent: "it did not answer within 2s"}
		if v.Excluded == "" {
			n.Silent, n.Samples = "", []api.SeenSample{{
				Status: health.Up, Reason: "200 OK", Time: exampleTime().Add(58 * time.Second), Ago: fsm.Duration(2 * time.Second),
				Duration: fsm.Duration(12 * time.Millisecond), Revision: 17,
			}}
		}
		why.Nodes = append(why.Nodes, n)
	}
	return why
}

func exampleChecked() api.Checked {
	return api.Checked{Key: "web", Tally: api.Tally{Up: 1, Unknown: 1}, Nodes: []api.NodeCheck{
		{Node: "node1", Site: "paris", Sample: &api.SeenSample{
			Status: health.Up, Reason: "200 OK", Time: exampleTime(), Ago: fsm.Duration(15 * time.Millisecond), Duration: fsm.Duration(12 * time.Millisecond), Revision: 17,
		}},
		{Node: "node2", Site: "lyon", Silent: "it did not answer within 12s"},
	}}
}

func exampleHoldWritten() api.HoldWritten {
	return api.HoldWritten{Index: 19, Changed: true, Added: true}
}

func examplePause() api.Pause {
	return api.Pause{
		Prefix: "web/", Reason: "new switches in rack 7", By: "anna",
		Since: exampleTime(), Until: exampleTime().Add(2 * time.Hour), For: fsm.Duration(90 * time.Minute),
	}
}

func exampleWindow() api.Window {
	begins := exampleTime().Truncate(24 * time.Hour).Add(25 * time.Hour)
	return api.Window{
		Name: "nightly", Configured: 20, Next: &api.Stretch{From: begins, To: begins.Add(time.Hour)},
		WindowRequest: api.WindowRequest{
			Labels: map[string]string{"team": "storage"}, Reason: "backups", By: "anna",
			Cron: "0 2 * * *", Zone: "Europe/Paris", Duration: fsm.Duration(time.Hour),
		},
	}
}

func exampleApply() api.ApplyRequest {
	return api.ApplyRequest{
		Endpoints: []fsm.Declared{{
			Key: "web/1", Value: "http://10.0.0.1/health", Overrides: fsm.Overrides{Check: new(fsm.CheckHTTP)}, Labels: map[string]string{"team": "storage"},
		}},
		Prune: &fsm.Scope{Prefix: "web/"},
	}
}

func exampleApplied() api.Applied {
	return api.Applied{Index: 18, Difference: fsm.Difference{
		Added: []string{"web/1"}, Changed: []fsm.Change{{Key: "web/2", Fields: []string{"value", "settings.interval"}}}, Deleted: []string{"web/3"}, Unchanged: 1,
	}}
}

func exampleMembers() api.Members {
	return api.Members{Members: []api.Member{{
		Node: "node1", Site: "paris", HTTP: "10.0.0.1:6000", Raft: "10.0.0.1:7000", Gossip: "10.0.0.1:8000", Version: "1.0.0",
		Leader: true, Observer: true, InRaft: api.Voter, InGossip: api.Alive, Fresh: true, HeardAgo: new(fsm.Duration(800 * time.Millisecond)),
	}}}
}
