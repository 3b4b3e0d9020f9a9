package fsm_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// mustRefuse checks the kind of a refusal, and that it is one sentence that
// names what it is about.
func mustRefuse(t *testing.T, v *fsm.View, c fsm.Command, code fsm.Code, mention string) {
	t.Helper()
	r := fsm.Validate(v, c)
	if code == "" {
		if r != nil {
			t.Errorf("refused: %v", r)
		}
		return
	}
	if r == nil {
		t.Errorf("not refused; want %q", mention)
		return
	}
	if r.Code != code || !strings.Contains(r.Message, mention) || strings.ContainsAny(r.Message, "\n\r\x00") || len(r.Message) > 1000 {
		t.Errorf("refused as %s: %q; want %s and %q, in one line", r.Code, r.Message, code, mention)
	}
}

// fiveObservers returns a View with the observers n0 to n4 and endpoint "db".
func fiveObservers(tb testing.TB) *fsm.View {
	tb.Helper()
	m := fsm.NewMachine()
	commit(tb, m, 1, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	for i := range uint64(5) {
		commit(tb, m, 2+i, fsm.RegisterObserver{Node: fmt.Sprint("n", i), Incarnation: "x"})
	}
	commit(tb, m, 7, fsm.SetEndpoint{Key: "db", Value: "v"})
	return m.View()
}

func TestValidate_SetEndpoint(t *testing.T) {
	v := fiveObservers(t)
	manyLabels := map[string]string{}
	for i := range 65 {
		manyLabels[fmt.Sprint(i)] = ""
	}
	for name, c := range map[string]struct {
		set     fsm.SetEndpoint
		code    fsm.Code
		mention string
	}{
		"good":              {fsm.SetEndpoint{Key: "k", Value: ""}, "", ""},
		"no key":            {fsm.SetEndpoint{Value: "v"}, fsm.Invalid, "key is empty"},
		"longest key":       {fsm.SetEndpoint{Key: strings.Repeat("k", 512)}, "", ""},
		"longer key":        {fsm.SetEndpoint{Key: strings.Repeat("k", 513)}, fsm.Invalid, "513 bytes"},
		"longest value":     {fsm.SetEndpoint{Key: "k", Value: strings.Repeat("v", 64<<10)}, "", ""},
		"longer value":      {fsm.SetEndpoint{Key: "k", Value: strings.Repeat("v", 64<<10+1)}, fsm.Invalid, "value has 65537 bytes"},
		"line feed":         {fsm.SetEndpoint{Key: "k", Value: "a\nb"}, fsm.Invalid, `control character '\n' at byte 1`},
		"C1 control":        {fsm.SetEndpoint{Key: "a\u0085"}, fsm.Invalid, `control character '\u0085' at byte 1`},
		"not UTF-8":         {fsm.SetEndpoint{Key: "a\xff"}, fsm.Invalid, "not valid UTF-8"},
		"two faults":        {fsm.SetEndpoint{Key: "", Value: "\xff"}, fsm.Invalid, "; "},
		"half the votes":    {fsm.SetEndpoint{Key: "k", Overrides: &fsm.Overrides{Quorum: new(fsm.Quorum(2))}}, fsm.Invalid, "give 3 or more"},
		"enough votes":      {fsm.SetEndpoint{Key: "k", Overrides: &fsm.Overrides{Quorum: new(fsm.Quorum(3))}}, "", ""},
		"more than there":   {fsm.SetEndpoint{Key: "k", Overrides: &fsm.Overrides{Quorum: new(fsm.Quorum(6))}}, fsm.Invalid, "more than the 5 observers"},
		"quorum below zero": {fsm.SetEndpoint{Key: "k", Overrides: &fsm.Overrides{Quorum: new(fsm.Quorum(-3))}}, fsm.Invalid, "quorum -3"},
		"sites below off":   {fsm.SetEndpoint{Key: "k", Overrides: &fsm.Overrides{Sites: new(fsm.Sites(-3))}}, fsm.Invalid, "sites -3"},
		"a path":            {fsm.SetEndpoint{Key: "k", Overrides: &fsm.Overrides{Verify: new("../x.sh")}}, fsm.Invalid, "is a path"},
		"no script":         {fsm.SetEndpoint{Key: "k", Overrides: &fsm.Overrides{Notify: new("")}}, fsm.Invalid, "notify"},
		"too fast":          {fsm.SetEndpoint{Key: "k", Overrides: &fsm.Overrides{Interval: new(fsm.Duration(1))}}, fsm.Invalid, "interval 1ns"},
		"unknown check":     {fsm.SetEndpoint{Key: "k", Overrides: &fsm.Overrides{Check: new(fsm.Check("x"))}}, fsm.Invalid, `check "x"`},
		"timeout is up":     {fsm.SetEndpoint{Key: "k", Overrides: &fsm.Overrides{TimeoutIs: new(health.Up)}}, fsm.Invalid, "timeout_is UP"},
		"too many labels":   {fsm.SetEndpoint{Key: "k", Labels: &manyLabels}, fsm.Invalid, "65 labels"},
		"nameless label":    {fsm.SetEndpoint{Key: "k", Labels: &map[string]string{"": "x"}}, fsm.Invalid, "no name"},
		"bad label":         {fsm.SetEndpoint{Key: "k", Labels: &map[string]string{"l": "\x00"}}, fsm.Invalid, `label "l"`},
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, v, c.set, c.code, c.mention) })
	}
}

func TestValidate_TheRest(t *testing.T) {
	v := fiveObservers(t)
	bad := fsm.DefaultClusterSettings()
	bad.MaxVoters, bad.EventsKept, bad.BallotRefresh = 0, 0, 0
	half := fsm.DefaultClusterSettings()
	half.Quorum = 2
	outcome := func(change func(*fsm.Outcome)) fsm.Command {
		o := fsm.Outcome{Event: 4, Node: "n1", Role: fsm.Leader, Ending: fsm.Done, Attempt: 1, Output: "\x1b[1mok\n", Time: time.Now()}
		change(&o)
		return fsm.RecordOutcome{Outcome: o}
	}
	for name, c := range map[string]struct {
		command fsm.Command
		code    fsm.Code
		mention string
	}{
		"no command":               {nil, fsm.Invalid, "no command"},
		"a pointer":                {&fsm.SetEndpoint{Key: "k"}, fsm.Invalid, "by value"},
		"found":                    {fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()}, "", ""},
		"found without an id":      {fsm.Found{Settings: fsm.DefaultClusterSettings()}, fsm.Invalid, "cluster id is empty"},
		"several bad settings":     {fsm.ChangeSettings{Settings: bad}, fsm.Invalid, "max_voters 0 is not between 1 and 9; ballot_refresh"},
		"half of the votes":        {fsm.ChangeSettings{Settings: half}, fsm.Invalid, "give 3 or more"},
		"delete":                   {fsm.DeleteEndpoint{Key: "k"}, "", ""},
		"delete not UTF-8":         {fsm.DeleteEndpoint{Key: "\xff"}, fsm.Invalid, "UTF-8"},
		"remove":                   {fsm.RemoveObserver{Node: "n1"}, "", ""},
		"register":                 {fsm.RegisterObserver{Node: "n9", Site: "s", Incarnation: "x", Raft: "h:1"}, "", ""},
		"register a nameless node": {fsm.RegisterObserver{Incarnation: "x"}, fsm.Invalid, "name"},
		"register a bad site":      {fsm.RegisterObserver{Node: "n9", Site: "a b", Incarnation: "x"}, fsm.Invalid, "site"},
		"register a folder":        {fsm.RegisterObserver{Node: "..", Incarnation: "x"}, fsm.Invalid, "that of a folder"},
		"register no incarnation":  {fsm.RegisterObserver{Node: "n9"}, fsm.Invalid, "incarnation"},
		"register a long address":  {fsm.RegisterObserver{Node: "n9", Incarnation: "x", HTTP: strings.Repeat("h", 300)}, fsm.Invalid, "HTTP address"},
		"outcome":                  {outcome(func(*fsm.Outcome) {}), "", ""},
		"outcome of a stranger":    {outcome(func(o *fsm.Outcome) { o.Node = "n9" }), fsm.NotFound, "n9"},
		"outcome of no event":      {outcome(func(o *fsm.Outcome) { o.Event = 0 }), fsm.Invalid, "event"},
		"outcome of no role":       {outcome(func(o *fsm.Outcome) { o.Role = "boss" }), fsm.Invalid, `"boss"`},
		"outcome without an end":   {outcome(func(o *fsm.Outcome) { o.Ending = "" }), fsm.Invalid, "ending"},
		"outcome, attempt -1":      {outcome(func(o *fsm.Outcome) { o.Attempt = -1 }), fsm.Invalid, "attempt -1"},
		"outcome, done by nobody":  {outcome(func(o *fsm.Outcome) { o.Attempt = 0 }), fsm.Invalid, "without an attempt"},
		"outcome, a gap":           {outcome(func(o *fsm.Outcome) { o.Ending, o.Attempt = fsm.Gap, 0 }), "", ""},
		"outcome, missed some":     {outcome(func(o *fsm.Outcome) { o.Missed = 7 }), "", ""},
		"outcome, missed unknown":  {outcome(func(o *fsm.Outcome) { o.Missed = fsm.MissedUnknown }), "", ""},
		"outcome, missed nonsense": {outcome(func(o *fsm.Outcome) { o.Missed = -2 }), fsm.Invalid, "-2 missed"},
		"outcome, talkative":       {outcome(func(o *fsm.Outcome) { o.Output = strings.Repeat("\xff", 1<<20) }), "", ""},
		"outcome, long problem":    {outcome(func(o *fsm.Outcome) { o.Problem = strings.Repeat("x", 1<<20) }), "", ""},
		"outcome, out of time":     {outcome(func(o *fsm.Outcome) { o.Time = time.Date(12_000, 1, 1, 0, 0, 0, 0, time.UTC) }), fsm.Invalid, "clock"},
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, v, c.command, c.code, c.mention) })
	}
}

func TestValidate_TransitionCarriesItsEvidence(t *testing.T) {
	v := fiveObservers(t)
	e, _ := v.Endpoint("db")
	for name, c := range map[string]struct {
		spoil   func(*fsm.Transition)
		mention string // "" when it is good
	}{
		"good":                   {func(*fsm.Transition) {}, ""},
		"no key":                 {func(c *fsm.Transition) { c.Key = "" }, "key is empty"},
		"to UNKNOWN":             {func(c *fsm.Transition) { c.To = health.Unknown }, "can't change"},
		"to where it is":         {func(c *fsm.Transition) { c.From = c.To }, "can't change"},
		"from nowhere":           {func(c *fsm.Transition) { c.From = 9 }, "can't change"},
		"no leader":              {func(c *fsm.Transition) { c.Leader = "" }, "name"},
		"no votes":               {func(c *fsm.Transition) { c.Votes = nil }, "0 votes"},
		"too many votes":         {func(c *fsm.Transition) { c.Votes = make([]fsm.Vote, fsm.MaxObservers+1) }, "256 votes"},
		"a vote twice":           {func(c *fsm.Transition) { c.Votes[1] = c.Votes[0] }, `"n0" votes twice`},
		"a vote of nobody":       {func(c *fsm.Transition) { c.Votes[0].Node = "" }, "name"},
		"a site that is none":    {func(c *fsm.Transition) { c.Votes[0].Site = "a/b" }, "site"},
		"a verdict that is none": {func(c *fsm.Transition) { c.Votes[0].Verdict = 9 }, "none of UP"},
		"a long reason":          {func(c *fsm.Transition) { c.Votes[0].Reason = strings.Repeat("x", 257) }, "reason has 257"},
		"a quorum of half":       {func(c *fsm.Transition) { c.Quorum = 2 }, "more than half"},
		"no quorum":              {func(c *fsm.Transition) { c.Quorum = 0 }, "more than half"},
		"votes excluded": {func(c *fsm.Transition) {
			for i := range 3 {
				c.Votes[i].Excluded = "stale"
			}
		}, "has 2 votes for it and needs 3"},
		"votes for the contrary": {func(c *fsm.Transition) { c.To = health.Down }, "has 0 votes for it"},
	} {
		t.Run(name, func(t *testing.T) {
			command := turn(v, e)
			c.spoil(&command)
			code := fsm.Invalid
			if c.mention == "" {
				code = ""
			}
			mustRefuse(t, v, command, code, c.mention)
		})
	}
}

func TestValidate_NoMoreThanTheLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("it fills a Machine with MaxEndpoints")
	}
	m, index := machineOf(t, fsm.MaxEndpoints)
	mustRefuse(t, m.View(), fsm.SetEndpoint{Key: "one more"}, fsm.Conflict, "100000 endpoints")
	mustRefuse(t, m.View(), fsm.SetEndpoint{Key: "service/00007", Value: "known"}, "", "")
	commit(t, m, index+1, fsm.DeleteEndpoint{Key: "service/00007"})
	mustRefuse(t, m.View(), fsm.SetEndpoint{Key: "one more"}, "", "")
	for i := range uint64(fsm.MaxObservers) {
		commit(t, m, index+2+i, fsm.RegisterObserver{Node: fmt.Sprint("n", i), Incarnation: "x"})
	}
	mustRefuse(t, m.View(), fsm.RegisterObserver{Node: "one-more", Incarnation: "x"}, fsm.Conflict, "255 observers")
	mustRefuse(t, m.View(), fsm.RegisterObserver{Node: "n7", Incarnation: "y"}, "", "")
}
