package fsm_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/fsm"
	"tocsin/health"
)

// The keys share beginnings, so that the trees beneath split and join.
var (
	keys  = []string{"a", "ab", "abc", "abd", "b", "ba/é", "c"}
	nodes = []string{"n1", "n2", "n3", "n4"}
)

// draw makes a command that has a fair chance to fit v.
func draw(t *rapid.T, v *fsm.View, term uint64) fsm.Command {
	switch rapid.SampledFrom([]string{
		"found", "settings", "set", "set", "set", "delete", "delete", "declare", "register", "remove",
		"turn", "turn", "turn", "turn", "turn", "outcome", "outcome", "outcome", "force", "pause", "resume", "window", "no window", "forget", "retry", "ack", "prefer",
	}).Draw(t, "command") {
	case "found":
		return fsm.Found{ClusterID: "c1", Settings: drawSettings(t)}
	case "settings":
		return fsm.ChangeSettings{Settings: drawSettings(t), If: drawCondition(t, v.SettingsIndex())}
	case "set":
		c := drawSet(t)
		c.If = drawCondition(t, configured(v, c.Key))
		return c
	case "delete":
		key := rapid.SampledFrom(keys).Draw(t, "key")
		return fsm.DeleteEndpoint{Key: key, If: drawCondition(t, configured(v, key))}
	case "declare":
		return drawDeclare(t)
	case "register":
		return fsm.RegisterObserver{
			Node: rapid.SampledFrom(nodes).Draw(t, "node"), Incarnation: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "incarnation"),
			Raft: rapid.SampledFrom([]string{"h:1", "h:2"}).Draw(t, "raft"), Protocol: rapid.SampledFrom([]fsm.Protocol{0, 1, 2}).Draw(t, "protocol"),
			AsOf: rapid.SampledFrom([]uint64{0, v.Index(), v.Index() / 2}).Draw(t, "as of"), New: rapid.Bool().Draw(t, "new"),
		}
	case "remove":
		return fsm.RemoveObserver{
			Node: rapid.SampledFrom(nodes).Draw(t, "node"),
			AsOf: rapid.SampledFrom([]uint64{0, v.Index(), v.Index() / 2}).Draw(t, "as of"),
		}
	case "prefer":
		return fsm.PreferVoter{Node: rapid.SampledFrom(nodes).Draw(t, "node"), Prefer: rapid.Bool().Draw(t, "prefer")}
	case "turn":
		return drawTransition(t, v, term)
	case "retry":
		event, node := drawGivenUp(t, v)
		return fsm.RetryNotification{Event: event, Node: node}
	case "ack":
		event, node := drawGivenUp(t, v)
		return fsm.AckNotification{Event: event, Node: node, Ack: fsm.Ack{By: rapid.SampledFrom([]string{"ana", "bo"}).Draw(t, "by"), Time: time.Unix(1_800_000_000, 0).UTC()}}
	case "force":
		return fsm.ForceState{
			Key: rapid.SampledFrom(keys).Draw(t, "key"), To: rapid.SampledFrom([]health.Status{health.Up, health.Down}).Draw(t, "to"),
			Manual: fsm.Manual{Reason: "by hand", By: "anna"}, Leader: "n1", Time: drawTime(t),
		}
	case "pause":
		return fsm.PauseEndpoints{Pause: fsm.Pause{
			Scope: drawScope(t), Reason: rapid.SampledFrom([]string{"r", "s"}).Draw(t, "reason"), By: "anna",
			Since: drawTime(t), Until: rapid.SampledFrom([]time.Time{{}, time.Unix(2e9, 0).UTC()}).Draw(t, "until"),
		}}
	case "resume":
		return fsm.ResumeEndpoints{Scope: drawScope(t)}
	case "window":
		return drawWindow(t, v)
	case "no window":
		name := rapid.SampledFrom(windows).Draw(t, "window")
		return fsm.DeleteWindow{Name: name, If: drawCondition(t, windowVersion(v, name))}
	case "forget":
		return fsm.ForgetEnded{Before: drawTime(t)}
	}
	return drawOutcome(t, v)
}

// drawGivenUp draws an event, and a node or all of them, that it may have been
// given up on.
func drawGivenUp(t *rapid.T, v *fsm.View) (event uint64, node string) {
	o := drawOutcome(t, v).Outcome
	if rapid.Bool().Draw(t, "the newest") {
		o.Event = v.LastEvent()
	}
	return o.Event, rapid.SampledFrom([]string{"", o.Node}).Draw(t, "where")
}

var windows = []string{"nightly", "once"}

func drawTime(t *rapid.T) time.Time {
	return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "time"), 5).UTC()
}

func drawScope(t *rapid.T) fsm.Scope {
	return rapid.SampledFrom([]fsm.Scope{{}, {Prefix: "a"}, {Prefix: "ab"}, {Labels: map[string]string{"l": "1"}}, {Prefix: "a", Labels: map[string]string{"l": "1", "m": ""}}}).Draw(t, "scope")
}

func drawWindow(t *rapid.T, v *fsm.View) fsm.SetWindow {
	w := fsm.Window{Name: rapid.SampledFrom(windows).Draw(t, "window"), Scope: drawScope(t), Duration: fsm.Duration(time.Hour)}
	if w.Name == "once" {
		w.From = drawTime(t)
	} else {
		w.Cron, w.Zone = "0 2 * * *", rapid.SampledFrom([]string{"", "Europe/Paris"}).Draw(t, "zone")
	}
	return fsm.SetWindow{Window: w, If: drawCondition(t, windowVersion(v, w.Name))}
}

func windowVersion(v *fsm.View, name string) uint64 {
	if w, ok := v.Holds().Window(name); ok {
		return w.Configured
	}
	return 0
}

func drawSettings(t *rapid.T) fsm.ClusterSettings {
	s := fsm.DefaultClusterSettings()
	s.EventsKept = rapid.IntRange(1, 8).Draw(t, "events kept")
	s.Brake = rapid.SampledFrom([]fsm.Share{fsm.ShareOff, 20, 50}).Draw(t, "brake")
	s.Verify = rapid.SampledFrom([]string{"verify.sh", "other.sh"}).Draw(t, "verify")
	return s
}

func drawSet(t *rapid.T) fsm.SetEndpoint {
	c := fsm.SetEndpoint{Key: rapid.SampledFrom(keys).Draw(t, "key"), Value: rapid.SampledFrom([]string{"v", "w"}).Draw(t, "value")}
	if rapid.Bool().Draw(t, "with overrides") {
		c.Overrides = &fsm.Overrides{}
		if rapid.Bool().Draw(t, "verify of its own") {
			c.Overrides.Verify = new("other.sh")
		}
		if rapid.Bool().Draw(t, "fall of its own") {
			c.Overrides.Fall = new(rapid.IntRange(1, 2).Draw(t, "fall"))
		}
	}
	if rapid.Bool().Draw(t, "with labels") {
		labels := rapid.SampledFrom([]map[string]string{nil, {}, {"l": "1"}, {"l": "2", "m": "<&>"}}).Draw(t, "labels")
		c.Labels = &labels
	}
	if rapid.Bool().Draw(t, "with parents") {
		// Circles too: nobody but Validate refuses them.
		parents := rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, 3, rapid.ID).Draw(t, "parents")
		c.Parents = &parents
	}
	return c
}

func configured(v *fsm.View, key string) uint64 {
	if e, ok := v.Endpoint(key); ok {
		return e.Configured
	}
	return 0
}

// drawCondition makes a condition that is fulfilled now more often than not.
func drawCondition(t *rapid.T, version uint64) *fsm.Condition {
	switch rapid.IntRange(0, 9).Draw(t, "condition") {
	case 0:
		return &fsm.Condition{Absent: true}
	case 1:
		return &fsm.Condition{}
	case 2, 3:
		return &fsm.Condition{Versions: []uint64{version + 1, version}}
	case 4:
		return &fsm.Condition{Versions: []uint64{version + 1}}
	}
	return nil
}

func drawDeclare(t *rapid.T) fsm.DeclareEndpoints {
	var c fsm.DeclareEndpoints
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, 3, rapid.ID).Draw(t, "declared") {
		set := drawSet(t)
		d := fsm.Declared{Key: key, Value: set.Value}
		if set.Overrides != nil {
			d.Overrides = *set.Overrides
		}
		if set.Labels != nil && len(*set.Labels) > 0 {
			d.Labels = *set.Labels
		}
		if set.Parents != nil && len(*set.Parents) > 0 {
			d.Parents = *set.Parents
		}
		c.Endpoints = append(c.Endpoints, d)
	}
	if rapid.Bool().Draw(t, "prune") {
		c.Prune = &fsm.Scope{Prefix: rapid.SampledFrom([]string{"", "a", "ab", "ba/", "x"}).Draw(t, "prefix")}
		if c.Prune.Prefix == "" || rapid.Bool().Draw(t, "by label") {
			c.Prune.Labels = map[string]string{"l": "1"}
		}
	}
	return c
}

func drawTransition(t *rapid.T, v *fsm.View, term uint64) fsm.Transition {
	c := fsm.Transition{Key: rapid.SampledFrom(keys).Draw(t, "key"), To: health.Up, Term: term}
	if e, ok := v.Endpoint(c.Key); ok {
		c = turn(v, e)
		c.Term = term
	}
	c.Time = time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "time"), 5).UTC()
	switch rapid.IntRange(0, 15).Draw(t, "what is wrong") {
	case 0:
		c.Generation++
	case 1:
		c.Revision--
	case 2:
		c.Sequence++
	case 3:
		c.Term++
	case 5:
		c.Holds++
	case 6:
		c.Configured--
	case 7:
		c.Settings--
	case 8:
		c.Observers--
	case 4:
		c.From, c.To = c.To, health.Up+health.Down-c.To
	}
	return c
}

func drawOutcome(t *rapid.T, v *fsm.View) fsm.RecordOutcome {
	ids := []uint64{v.LastEvent() + 1}
	for e := range v.EventsBackwards() {
		ids = append(ids, e.ID)
	}
	return fsm.RecordOutcome{Outcome: fsm.Outcome{
		Event: rapid.SampledFrom(ids).Draw(t, "event"), Node: rapid.SampledFrom(nodes).Draw(t, "node"),
		Role:    rapid.SampledFrom([]fsm.Role{fsm.Leader, fsm.Follower}).Draw(t, "role"),
		Ending:  rapid.SampledFrom(fsm.Endings()).Draw(t, "ending"),
		Retry:   rapid.SampledFrom([]uint64{0, 0, 0, v.Index()}).Draw(t, "retry"),
		Attempt: rapid.IntRange(0, 3).Draw(t, "attempt"), ExitCode: rapid.IntRange(0, 2).Draw(t, "exit code"),
		Time: time.Unix(1_800_000_000, 0).UTC(),
	}}
}

// TestMachine_IsItsModel drives a Machine and its slow twin with the same log,
// and a second Machine that is replaced by a snapshot of the first now and then.
func TestMachine_IsItsModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m, twin, model := fsm.NewMachine(), fsm.NewMachine(), newModel()
		h := history{rt: rt}
		index, term := uint64(0), uint64(1)
		commit := func(commands ...fsm.Command) {
			index += rapid.Uint64Range(1, 3).Draw(rt, "step")
			log := logOf(t, index, term, commands...)
			got, want := answers(t, m.Apply(log)), model.apply(index, term, commands)
			mustEqual(rt, fmt.Sprintf("answers to %+v", commands), got, want)
			mustEqual(rt, "answers after a restore", answers(t, twin.Apply(log)), want)
			mustEqual(rt, "the state", pictureOf(rt, m.View()), model.picture())
			mustEqual(rt, "the state after a restore", pictureOf(rt, twin.View()), model.picture())
			h.add(m.View(), model)
		}
		if rapid.Bool().Draw(rt, "founded first") {
			commit(fsm.Found{ClusterID: "c1", Settings: drawSettings(rt)})
		}
		for range rapid.IntRange(1, 60).Draw(rt, "entries") {
			term += rapid.SampledFrom([]uint64{0, 0, 0, 0, 1}).Draw(rt, "new terms")
			if rapid.IntRange(0, 9).Draw(rt, "restore") == 0 {
				twin = restored(t, m)
			}
			commands := make([]fsm.Command, rapid.IntRange(1, 4).Draw(rt, "commands"))
			for i := range commands {
				commands[i] = draw(rt, m.View(), term)
			}
			commit(commands...)
			h.checkNewest()
		}
		h.check()
	})
}

// history keeps all Views of a run and checks what has to hold between them.
type history struct {
	rt     *rapid.T
	views  []*fsm.View
	hashes []string
	// configured is when the settings changed last.
	configured uint64
	// generations holds the events of each (key, generation).
	generations map[string][]fsm.Event
}

func (h *history) add(v *fsm.View, m *model) {
	h.views, h.hashes = append(h.views, v), append(h.hashes, hashOf(h.rt, v))
	h.configured = m.settingsIndex
	if h.generations == nil {
		h.generations = map[string][]fsm.Event{}
	}
	for e := range v.EventsAfter(v.Index() - 1) {
		of := fmt.Sprint(e.Key, e.Generation)
		h.generations[of] = append(h.generations[of], *e)
	}
}

func hashOf(rt *rapid.T, v *fsm.View) string {
	all, err := json.Marshal(pictureOf(rt, v))
	if err != nil {
		rt.Fatal(err)
	}
	return string(all)
}

// checkNewest checks what holds of each View by itself.
func (h *history) checkNewest() {
	v := h.views[len(h.views)-1]
	last := uint64(0)
	for e := range v.EventsAfter(0) {
		if e.ID <= last || e.ID > v.Index() {
			h.rt.Fatalf("event %d comes after %d, at index %d", e.ID, last, v.Index())
		}
		last = e.ID
	}
	for e := range v.Endpoints("") {
		if int(e.Slot) >= len(keys) {
			h.rt.Fatalf("slot %d is given out to one of at most %d endpoints", e.Slot, len(keys))
		}
	}
}

// check checks what holds between Views.
func (h *history) check() {
	for i, v := range h.views {
		if got := hashOf(h.rt, v); got != h.hashes[i] {
			h.rt.Fatalf("the View of index %d has changed since it was handed out:\n%s\n%s", v.Index(), h.hashes[i], got)
		}
	}
	for of, events := range h.generations {
		for i, e := range events {
			if e.Baseline != (i == 0) || e.Sequence != uint64(i+1) || i > 0 && e.From != events[i-1].To || e.From == e.To {
				h.rt.Fatalf("the events of %s do not alternate: %+v", of, events)
			}
		}
	}
	now := h.views[len(h.views)-1]
	before := newModel() // what a reader at index knows
	for index, next := uint64(1), 0; index <= now.Index(); index++ {
		if next < len(h.views) && h.views[next].Index() == index {
			before.endpoints = endpointsOf(h.views[next])
			next++
		}
		h.checkChanges(now, index, before.endpoints)
	}
	for _, index := range []uint64{0, now.Index() + 1, ^uint64(0)} {
		if !now.ChangesSince(index).Everything {
			h.rt.Fatalf("ChangesSince(%d) of index %d claims to know", index, now.Index())
		}
	}
}

func endpointsOf(v *fsm.View) map[string]fsm.Endpoint {
	all := map[string]fsm.Endpoint{}
	for e := range v.Endpoints("") {
		all[e.Key] = *e
	}
	return all
}

func (h *history) checkChanges(now *fsm.View, index uint64, before map[string]fsm.Endpoint) {
	changes := now.ChangesSince(index)
	if changes.Everything != (index < h.configured) {
		h.rt.Fatalf("ChangesSince(%d): Everything is %v, and the settings changed at %d", index, changes.Everything, h.configured)
	}
	if changes.Everything {
		mustEqual(h.rt, "what comes with Everything", changes, fsm.Changes{Everything: true})
		return
	}
	told := maps.Clone(before)
	if told == nil {
		told = map[string]fsm.Endpoint{}
	}
	for _, key := range changes.Deleted {
		if _, there := told[key]; !there {
			h.rt.Fatalf("ChangesSince(%d) tells of %q, which was not there or went twice: %v", index, key, changes.Deleted)
		}
		delete(told, key)
	}
	for _, e := range changes.Modified {
		if old, there := told[e.Key]; there && (old.Modified == e.Modified || old.Generation != e.Generation) {
			h.rt.Fatalf("ChangesSince(%d) tells of %q as modified: %+v before, %+v now", index, e.Key, old, e)
		}
		told[e.Key] = *e
	}
	mustEqual(h.rt, fmt.Sprintf("the endpoints by ChangesSince(%d)", index), told, endpointsOf(now))
	if !slices.IsSortedFunc(changes.Modified, func(a, b *fsm.Endpoint) int { return int(a.Modified) - int(b.Modified) }) {
		h.rt.Fatalf("ChangesSince(%d) is not in order", index)
	}
}

// TestOutcomes_InAnyOrder: reports that come late, twice or in another order
// lead to the same record, and leave the same events to be taken over.
func TestOutcomes_InAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var reports []fsm.Command
		for attempt := range rapid.IntRange(1, 4).Draw(rt, "attempts") {
			o := fsm.Outcome{
				Event: 4, Node: "n1", Attempt: attempt, Role: rapid.SampledFrom([]fsm.Role{fsm.Leader, fsm.Follower}).Draw(rt, "role"),
				Ending: rapid.SampledFrom(fsm.Endings()).Draw(rt, "ending"),
			}
			reports = append(reports, fsm.RecordOutcome{Outcome: o}, fsm.RecordOutcome{Outcome: o})
		}
		record := func(reports []fsm.Command) picture {
			m := withEvent(t)
			for i, r := range reports {
				commit(t, m, uint64(10+i), r)
			}
			return pictureOf(rt, m.View())
		}
		mustEqual(rt, "the record", record(rapid.Permutation(reports).Draw(rt, "order")), record(reports))
	})
}
