package fsm_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

func TestTransition_IsACompareAndSet(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*fsm.Transition)
		code  fsm.Code // "" when it fits
	}{
		"what fits is done":             {spoil: func(*fsm.Transition) {}},
		"another key":                   {spoil: func(c *fsm.Transition) { c.Key = "other" }, code: fsm.NotFound},
		"an earlier generation":         {spoil: func(c *fsm.Transition) { c.Generation-- }, code: fsm.Conflict},
		"a later generation":            {spoil: func(c *fsm.Transition) { c.Generation++ }, code: fsm.Conflict},
		"an earlier revision":           {spoil: func(c *fsm.Transition) { c.Revision-- }, code: fsm.Conflict},
		"a later revision":              {spoil: func(c *fsm.Transition) { c.Revision++ }, code: fsm.Conflict},
		"from another state":            {spoil: func(c *fsm.Transition) { c.From, c.To = c.To, c.From }, code: fsm.Conflict},
		"from UNKNOWN":                  {spoil: func(c *fsm.Transition) { c.From = health.Unknown }, code: fsm.Conflict},
		"an event less":                 {spoil: func(c *fsm.Transition) { c.Sequence-- }, code: fsm.Conflict},
		"an event more":                 {spoil: func(c *fsm.Transition) { c.Sequence++ }, code: fsm.Conflict},
		"an earlier configuration":      {spoil: func(c *fsm.Transition) { c.Configured-- }, code: fsm.Conflict},
		"earlier settings":              {spoil: func(c *fsm.Transition) { c.Settings-- }, code: fsm.Conflict},
		"earlier observers":             {spoil: func(c *fsm.Transition) { c.Observers-- }, code: fsm.Conflict},
		"a pause that it does not know": {spoil: func(c *fsm.Transition) { c.Holds++ }, code: fsm.Conflict},
		"a term that is over":           {spoil: func(c *fsm.Transition) { c.Term-- }, code: fsm.Conflict},
		"a term that is yet to come":    {spoil: func(c *fsm.Transition) { c.Term++ }, code: fsm.Conflict},
		"to where it is":                {spoil: func(c *fsm.Transition) { c.To = c.From }, code: fsm.Invalid},
		"to UNKNOWN":                    {spoil: func(c *fsm.Transition) { c.To = health.Unknown }, code: fsm.Invalid},
		"the votes are not compared":    {spoil: func(c *fsm.Transition) { c.Votes = nil }},
		"the clock is not either":       {spoil: func(c *fsm.Transition) { c.Time = time.Unix(0, 0) }},
		"nor is the leader's name":      {spoil: func(c *fsm.Transition) { c.Leader = "n9" }},
	} {
		t.Run(name, func(t *testing.T) {
			m := withEvent(t)
			before, _ := m.View().Endpoint("db")
			command := turn(m.View(), before)
			c.spoil(&command)
			r := commit(t, m, 6, command)[0]
			after, _ := m.View().Endpoint("db")
			if c.code != "" {
				if r.Refused == nil || r.Refused.Code != c.code || r.Changed || after != before || m.View().LastEvent() != 4 {
					t.Errorf("result %+v, last event %d; want a refusal %q that changes nothing", r, m.View().LastEvent(), c.code)
				}
				return
			}
			if r.Refused != nil || !r.Changed || after.State != command.To || after.LastEvent != 6 || after.Sequence != 3 || after.Modified != 6 {
				t.Errorf("result %+v, endpoint %+v", r, after)
			}
			if again := commit(t, m, 7, command)[0]; again.Refused == nil || again.Refused.Code != fsm.Conflict {
				t.Errorf("the same once more: %+v, want a conflict", again)
			}
		})
	}
}

func TestTransition_AnEntryMakesAtMostOneEvent(t *testing.T) {
	m := withEvent(t)
	commit(t, m, 6, fsm.SetEndpoint{Key: "web", Value: "v"})
	db, _ := m.View().Endpoint("db")
	web, _ := m.View().Endpoint("web")
	results := commit(t, m, 7, turn(m.View(), db), turn(m.View(), web))
	if results[0].Refused != nil || results[1].Refused == nil || m.View().LastEvent() != 7 {
		t.Errorf("results %+v, last event %d", results, m.View().LastEvent())
	}
}

func TestTransition_TheEventTellsAll(t *testing.T) {
	m := withEvent(t)
	e, _ := m.View().Endpoint("db")
	c := turn(m.View(), e)
	zone := time.FixedZone("somewhere", 3600)
	c.Time = time.Date(2030, 1, 2, 3, 4, 5, 6, zone)
	before := time.Now()
	commit(t, m, 6, c)
	got, _ := m.View().Event(6)
	if age := got.AppliedAt.Sub(before); age < 0 || age > time.Minute {
		t.Errorf("AppliedAt is %v after the entry was applied", age)
	}
	event := *got
	event.AppliedAt = time.Time{}
	if event.Time.Location() != time.UTC {
		t.Errorf("Time is of zone %v, and each node would read that in its own way", event.Time.Location())
	}
	mustEqual(t, "the event", event, fsm.Event{
		ID: 6, Key: "db", Value: "v", Generation: 2, Sequence: 3, From: health.Down, To: health.Up,
		Time: c.Time.UTC(), Leader: "n1", Term: term, Quorum: 3, Votes: c.Votes,
	})
}

func TestTransition_NotBeforeTheClusterIsFounded(t *testing.T) {
	m := fsm.NewMachine()
	commit(t, m, 1, fsm.SetEndpoint{Key: "db", Value: "v"})
	e, _ := m.View().Endpoint("db")
	if r := commit(t, m, 2, turn(m.View(), e))[0]; r.Refused == nil || m.View().LastEvent() != 0 {
		t.Errorf("result %+v, last event %d: the event can't be kept", r, m.View().LastEvent())
	}
}

func TestSetEndpoint_ANewValueOrCheckIsANewRevision(t *testing.T) {
	empty := map[string]string{}
	for name, c := range map[string]struct {
		set      fsm.SetEndpoint
		changed  bool
		revision uint64
	}{
		"the same again":         {fsm.SetEndpoint{Value: "v"}, false, 2},
		"another value":          {fsm.SetEndpoint{Value: "w"}, true, 6},
		"another script":         {fsm.SetEndpoint{Value: "v", Overrides: &fsm.Overrides{Verify: new("x.sh")}}, true, 6},
		"another kind of check":  {fsm.SetEndpoint{Value: "v", Overrides: &fsm.Overrides{Check: new(fsm.CheckTCP)}}, true, 6},
		"the script it has":      {fsm.SetEndpoint{Value: "v", Overrides: &fsm.Overrides{Verify: new("verify.sh")}}, true, 2},
		"another interval":       {fsm.SetEndpoint{Value: "v", Overrides: &fsm.Overrides{Interval: new(fsm.Duration(time.Second))}}, true, 2},
		"other labels":           {fsm.SetEndpoint{Value: "v", Labels: &map[string]string{"l": "1"}}, true, 2},
		"no labels where no are": {fsm.SetEndpoint{Value: "v", Labels: &empty}, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			m := withEvent(t)
			c.set.Key = "db"
			r := commit(t, m, 6, c.set)[0]
			e, _ := m.View().Endpoint("db")
			if r.Refused != nil || r.Changed != c.changed || e.Revision != c.revision || e.Generation != 2 || e.Sequence != 2 {
				t.Errorf("result %+v, endpoint %+v", r, e)
			}
		})
	}
}

func TestSetEndpoint_LabelsAreTakenAway(t *testing.T) {
	m := withEvent(t)
	var none map[string]string
	commit(t, m, 6, fsm.SetEndpoint{Key: "db", Value: "v", Labels: &map[string]string{"l": "1"}})
	commit(t, m, 7, fsm.SetEndpoint{Key: "db", Value: "v"})
	if e, _ := m.View().Endpoint("db"); e.Labels["l"] != "1" {
		t.Errorf("labels %v: what is not given has to stay", e.Labels)
	}
	commit(t, m, 8, fsm.SetEndpoint{Key: "db", Value: "v", Labels: &none})
	if e, _ := m.View().Endpoint("db"); len(e.Labels) != 0 {
		t.Errorf("labels %v: none were asked for", e.Labels)
	}
}

func TestDeleteEndpoint_AddedAgainItStartsAfresh(t *testing.T) {
	m := withEvent(t)
	commit(t, m, 6, fsm.DeleteEndpoint{Key: "db"})
	commit(t, m, 7, fsm.SetEndpoint{Key: "db", Value: "v"})
	e, _ := m.View().Endpoint("db")
	mustEqual(t, "the endpoint", *e, fsm.Endpoint{Key: "db", Value: "v", Generation: 7, Revision: 7, Configured: 7, Modified: 7})
	if m.View().EventCount() != 2 {
		t.Error("the history of the old one is gone")
	}
}

func TestFound_GivesRevisionsToWhatWasThereBefore(t *testing.T) {
	m := fsm.NewMachine()
	commit(t, m, 1, fsm.SetEndpoint{Key: "db", Value: "v"})
	commit(t, m, 2, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	if e, _ := m.View().Endpoint("db"); e.Revision != 2 || m.View().EndpointsIndex() != 2 {
		t.Errorf("revision %d, endpoints index %d: the settings are of entry 2", e.Revision, m.View().EndpointsIndex())
	}
}

func TestRegisterObserver_EpochsGrowWithEachProcess(t *testing.T) {
	m := fsm.NewMachine()
	for i, c := range []struct {
		incarnation, address string
		joined, epoch        uint64
		changed              bool
	}{
		{"x", "h:1", 1, 1, true},
		{"x", "h:1", 1, 1, false},
		{"x", "h:2", 1, 1, true},
		{"y", "h:2", 1, 4, true},
	} {
		r := commit(t, m, uint64(i+1), fsm.RegisterObserver{Node: "n1", Incarnation: c.incarnation, Raft: c.address})[0]
		o, _ := m.View().Observer("n1")
		if r.Changed != c.changed || o.Joined != c.joined || o.Epoch != c.epoch || o.Raft != c.address {
			t.Errorf("step %d: result %+v, observer %+v", i, r, o)
		}
	}
}

// TestView_Registered: it is so for what that very process has registered, and for
// nothing that says anything else of it.
func TestView_Registered(t *testing.T) {
	m := fsm.NewMachine()
	said := fsm.RegisterObserver{
		Node: "n1", Site: "a", Incarnation: "x", Disk: "d", Start: 3,
		Raft: "h:1", Gossip: "h:2", HTTP: "h:3", Version: "1", Protocol: 1, BallotKey: "",
	}
	if m.View().Registered(said) {
		t.Error("it is registered before it has registered")
	}
	commit(t, m, 1, said)
	commit(t, m, 2, fsm.PreferVoter{Node: "n1", Prefer: true})
	asked := said
	asked.AsOf = 2
	if !m.View().Registered(said) || !m.View().Registered(asked) {
		t.Error("it is not registered, and has just been")
	}
	for what, change := range map[string]func(*fsm.RegisterObserver){
		"node":       func(c *fsm.RegisterObserver) { c.Node = "n2" },
		"site":       func(c *fsm.RegisterObserver) { c.Site = "b" },
		"process":    func(c *fsm.RegisterObserver) { c.Incarnation = "y" },
		"disk":       func(c *fsm.RegisterObserver) { c.Disk = "e" },
		"start":      func(c *fsm.RegisterObserver) { c.Start = 4 },
		"raft":       func(c *fsm.RegisterObserver) { c.Raft = "h:9" },
		"gossip":     func(c *fsm.RegisterObserver) { c.Gossip = "h:9" },
		"http":       func(c *fsm.RegisterObserver) { c.HTTP = "h:9" },
		"version":    func(c *fsm.RegisterObserver) { c.Version = "2" },
		"protocol":   func(c *fsm.RegisterObserver) { c.Protocol = 2 },
		"ballot key": func(c *fsm.RegisterObserver) { c.BallotKey = "k" },
	} {
		other := said
		change(&other)
		if m.View().Registered(other) {
			t.Errorf("another %s passes for what is registered", what)
		}
	}
}

func TestRegisterObserver_OfTwoThatAskForAnAddressAtOnceTheFirstGetsIt(t *testing.T) {
	m := fsm.NewMachine()
	asks := func(node string, asOf uint64) fsm.RegisterObserver {
		return fsm.RegisterObserver{Node: node, Incarnation: "x", Raft: "h:1", AsOf: asOf}
	}
	commit(t, m, 1, asks("n1", 0))
	for _, r := range commit(t, m, 3, asks("n2", 2), asks("n3", 2)) {
		if first := r.Refused == nil; first != (m.View().ObserverCount() == 2 && r.Changed) {
			t.Errorf("one of two in an entry: %+v", r)
		}
	}
	for i, test := range []struct {
		node    string
		asOf    uint64
		refused bool
	}{
		{"n4", 2, true},  // n2 has it since 3
		{"n2", 2, false}, // it has it
		{"n4", 3, false}, // the proposer knew n2 there
		{"n5", 0, false}, // it did not look
	} {
		r := commit(t, m, uint64(10+i), asks(test.node, test.asOf))[0]
		if refused := r.Refused != nil && r.Refused.Code == fsm.Conflict; refused != test.refused {
			t.Errorf("%s as of %d: %+v", test.node, test.asOf, r)
		}
	}
	if _, in := m.View().Observer("n3"); in {
		t.Error("the second of two in an entry is in")
	}
}

// TestRegisterObserver_OfANewNodeReplacesNobody: whoever may bring in new nodes only
// changes nothing of one that has registered since the proposer looked.
func TestRegisterObserver_OfANewNodeReplacesNobody(t *testing.T) {
	m := fsm.NewMachine()
	real := fsm.RegisterObserver{Node: "n1", Incarnation: "x", Disk: "d", Start: 1, Raft: "h:1", New: true}
	if r := commit(t, m, 1, real)[0]; !r.Changed {
		t.Fatalf("a new one: %+v", r)
	}
	poser := fsm.RegisterObserver{Node: "n1", Incarnation: "y", Disk: "e", Start: 1, Raft: "h:2", New: true}
	if r := commit(t, m, 2, poser)[0]; r.Refused == nil || r.Refused.Code != fsm.Conflict {
		t.Errorf("another one by its name: %+v", r)
	}
	if r := commit(t, m, 3, real)[0]; r.Refused != nil || r.Changed {
		t.Errorf("the same once more: %+v", r)
	}
	if o, _ := m.View().Observer("n1"); o.Raft != "h:1" {
		t.Errorf("n1 is %+v", o)
	}
	poser.New = false
	if r := commit(t, m, 4, poser)[0]; !r.Changed {
		t.Errorf("who may change members: %+v", r)
	}
}

func TestEvents_BeyondTheLimitAreForgottenWithTheirOutcomes(t *testing.T) {
	m := withEvent(t)
	settings := fsm.DefaultClusterSettings()
	settings.EventsKept = 2
	commit(t, m, 6, fsm.ChangeSettings{Settings: settings})
	e, _ := m.View().Endpoint("db")
	// In one entry, so that what is forgotten was only just written.
	commit(t, m, 7, fsm.RecordOutcome{Outcome: fsm.Outcome{Event: 3, Node: "n1"}}, turn(m.View(), e))
	v := m.View()
	if _, kept := v.Event(3); kept || v.FirstEvent() != 4 || v.EventCount() != 2 || v.LastEvent() != 7 {
		t.Errorf("first %d, last %d, %d of them", v.FirstEvent(), v.LastEvent(), v.EventCount())
	}
	if _, kept := v.Outcome(3, "n1"); kept {
		t.Error("the outcome of event 3 outlived it")
	}
	settings.EventsKept = 1
	commit(t, m, 8, fsm.ChangeSettings{Settings: settings})
	if v := m.View(); v.FirstEvent() != 7 || v.EventCount() != 1 {
		t.Errorf("first %d, %d of them, after a smaller limit", v.FirstEvent(), v.EventCount())
	}
}

func TestView_EventsAfter(t *testing.T) {
	v := withEvent(t).View()
	for after, want := range map[uint64]string{0: "[3 4]", 2: "[3 4]", 3: "[4]", 4: "[]", 99: "[]", ^uint64(0): "[]"} {
		got := []uint64{}
		for e := range v.EventsAfter(after) {
			got = append(got, e.ID)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("EventsAfter(%d) = %v, want %s", after, got, want)
		}
	}
}

func TestPreferVoter_NoMoreThanCanVoteAlsoWithinOneEntry(t *testing.T) {
	m := fsm.NewMachine()
	settings := fsm.DefaultClusterSettings()
	settings.MaxVoters = 1
	commit(t, m, 1, fsm.Found{ClusterID: "c", Settings: settings})
	commit(t, m, 2, fsm.RegisterObserver{Node: "n1", Incarnation: "x"}, fsm.RegisterObserver{Node: "n2", Incarnation: "x"})
	r := commit(t, m, 3, fsm.PreferVoter{Node: "n1", Prefer: true}, fsm.PreferVoter{Node: "n2", Prefer: true})
	if r[0].Refused != nil || r[1].Refused == nil || !strings.Contains(r[1].Refused.Message, "n1 are preferred already") {
		t.Errorf("got %v, then %v", r[0].Refused, r[1].Refused)
	}
	r = commit(t, m, 4, fsm.PreferVoter{Node: "n1"}, fsm.PreferVoter{Node: "n2", Prefer: true})
	if r[0].Refused != nil || r[1].Refused != nil {
		t.Errorf("got %v, then %v", r[0].Refused, r[1].Refused)
	}
}

func TestRemoveObserver_OfTwoThatWereJudgedAtOnceTheFirstGoes(t *testing.T) {
	m := fsm.NewMachine()
	joins := func(node string) fsm.RegisterObserver {
		return fsm.RegisterObserver{Node: node, Incarnation: "x"}
	}
	commit(t, m, 1, joins("n1"), joins("n2"), joins("n3"), joins("n4"))
	for i, test := range []struct {
		command fsm.Command
		refused bool
	}{
		{fsm.RemoveObserver{Node: "n2", AsOf: 1}, false},
		{fsm.RemoveObserver{Node: "n3", AsOf: 1}, true}, // n2 has gone since
		{fsm.PreferVoter{Node: "n3"}, false},            // which changes nobody
		{fsm.RemoveObserver{Node: "n3", AsOf: 2}, false},
		{joins("n5"), false},
		{fsm.RemoveObserver{Node: "n4", AsOf: 5}, true},
		{fsm.RemoveObserver{Node: "n4"}, false}, // nobody has looked
	} {
		if r := commit(t, m, uint64(i+2), test.command)[0]; (r.Refused != nil) != test.refused {
			t.Errorf("%d: %+v: got %v", i, test.command, r.Refused)
		}
	}
}
