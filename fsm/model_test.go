package fsm_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/raft"

	"tocsin/fsm"
	"tocsin/health"
)

// model is the slow and obvious twin of the state: maps and slices, changed in
// place, everything that can be looked for is looked for.
type model struct {
	index, endpointsIndex, settingsIndex uint64
	observersIndex                       uint64
	clusterID                            string
	settings                             fsm.ClusterSettings
	endpoints                            map[string]fsm.Endpoint
	observers                            map[string]fsm.Observer
	events                               []fsm.Event
	outcomes                             []fsm.Outcome
	lastEvent, lastForgotten             uint64
	pauses                               []fsm.Pause
	windows                              map[string]fsm.Window
	holdsIndex                           uint64
	inUse                                fsm.Protocol
}

func newModel() *model {
	return &model{inUse: 1, endpoints: map[string]fsm.Endpoint{}, observers: map[string]fsm.Observer{}, windows: map[string]fsm.Window{}}
}

// apply answers each command with "changed", "same", or the code of a refusal.
func (m *model) apply(index, term uint64, commands []fsm.Command) []string {
	m.index = index
	answers := make([]string, len(commands))
	for i, c := range commands {
		answers[i] = m.one(term, c)
	}
	return answers
}

const (
	changed = "changed"
	same    = "same"
)

func (m *model) one(term uint64, command fsm.Command) string {
	switch c := command.(type) {
	case fsm.Found:
		if m.clusterID != "" {
			return "conflict"
		}
		m.clusterID = c.ClusterID
		m.configure(c.Settings)
	case fsm.ChangeSettings:
		if !fulfilled(c.If, true, m.settingsIndex) {
			return "precondition-failed"
		}
		if c.Settings == m.settings {
			return same
		}
		m.configure(c.Settings)
	case fsm.SetEndpoint:
		return m.set(c)
	case fsm.DeleteEndpoint:
		e, ok := m.endpoints[c.Key]
		if !fulfilled(c.If, ok, e.Configured) {
			return "precondition-failed"
		}
		if !ok {
			return "not-found"
		}
		delete(m.endpoints, c.Key)
		m.endpointsIndex = m.index
	case fsm.DeclareEndpoints:
		return m.declare(c)
	case fsm.RegisterObserver:
		return m.register(c)
	case fsm.RemoveObserver:
		if _, ok := m.observers[c.Node]; !ok {
			return "not-found"
		}
		if c.AsOf != 0 && m.observersIndex > c.AsOf {
			return "conflict"
		}
		delete(m.observers, c.Node)
		m.observersIndex = m.index
	case fsm.PreferVoter:
		o, ok := m.observers[c.Node]
		if !ok {
			return "not-found"
		}
		if o.Preferred == c.Prefer {
			return same
		}
		others := 0
		for _, other := range m.observers {
			if other.Preferred {
				others++
			}
		}
		if c.Prefer && others >= m.settings.MaxVoters {
			return "conflict"
		}
		o.Preferred = c.Prefer
		m.observers[c.Node] = o
	case fsm.Transition:
		return m.transition(term, c)
	case fsm.RecordOutcome:
		return m.record(c.Outcome)
	case fsm.RetryNotification:
		return m.retry(c)
	case fsm.AckNotification:
		return m.ack(c)
	case fsm.ForceState:
		return m.force(term, c)
	default:
		return m.hold(command)
	}
	return changed
}

// hold is about pauses and windows.
func (m *model) hold(command fsm.Command) string {
	switch c := command.(type) {
	case fsm.PauseEndpoints:
		for i, p := range m.pauses {
			if cmp.Equal(p.Scope, c.Pause.Scope) {
				if p.Reason == c.Pause.Reason && p.By == c.Pause.By && p.Until.Equal(c.Pause.Until) {
					return same
				}
				over := !p.Until.IsZero() && !c.Pause.Since.Before(p.Until)
				if !over {
					c.Pause.Since = p.Since
				}
				m.pauses[i] = c.Pause
				m.holdsIndex = m.index
				return changed
			}
		}
		m.pauses = append(m.pauses, c.Pause)
	case fsm.ResumeEndpoints:
		before := len(m.pauses)
		m.pauses = slices.DeleteFunc(m.pauses, func(p fsm.Pause) bool { return cmp.Equal(p.Scope, c.Scope) })
		if len(m.pauses) == before {
			return "not-found"
		}
	case fsm.SetWindow:
		old, exists := m.windows[c.Window.Name]
		if !fulfilled(c.If, exists, old.Configured) {
			return "precondition-failed"
		}
		w := c.Window
		if w.Configured = old.Configured; exists && cmp.Equal(w, old) {
			return same
		}
		w.Configured = m.index
		m.windows[w.Name] = w
	case fsm.DeleteWindow:
		old, exists := m.windows[c.Name]
		if !fulfilled(c.If, exists, old.Configured) {
			return "precondition-failed"
		}
		if !exists {
			return "not-found"
		}
		delete(m.windows, c.Name)
	case fsm.ForgetEnded:
		before := len(m.pauses) + len(m.windows)
		m.pauses = slices.DeleteFunc(m.pauses, func(p fsm.Pause) bool { return !p.Until.IsZero() && !p.Until.After(c.Before) })
		maps.DeleteFunc(m.windows, func(_ string, w fsm.Window) bool {
			return w.Cron == "" && !w.From.Add(time.Duration(w.Duration)).After(c.Before)
		})
		if len(m.pauses)+len(m.windows) == before {
			return same
		}
	}
	m.holdsIndex = m.index
	return changed
}

func (m *model) configure(s fsm.ClusterSettings) {
	for key, e := range m.endpoints {
		before, after := e.Overrides.Over(m.settings.Settings), e.Overrides.Over(s.Settings)
		if before.Check != after.Check || before.Verify != after.Verify {
			e.Revision, e.Modified = m.index, m.index
			m.endpoints[key] = e
		}
	}
	m.settings, m.settingsIndex, m.endpointsIndex = s, m.index, m.index
	m.trim()
}

func (m *model) set(c fsm.SetEndpoint) string {
	old, exists := m.endpoints[c.Key]
	if !fulfilled(c.If, exists, old.Configured) {
		return "precondition-failed"
	}
	e := old
	if !exists {
		e = fsm.Endpoint{Key: c.Key, Slot: m.freeSlot(), Generation: m.index, Revision: m.index}
	}
	e.Value = c.Value
	if c.Overrides != nil {
		e.Overrides = *c.Overrides
	}
	if c.Labels != nil {
		e.Labels = nil
		for name, value := range *c.Labels {
			if e.Labels == nil {
				e.Labels = map[string]string{}
			}
			e.Labels[name] = value
		}
	}
	if c.Parents != nil {
		e.Parents = append([]string(nil), *c.Parents...)
	}
	if exists && cmp.Equal(e, old) {
		return same
	}
	before, after := old.Overrides.Over(m.settings.Settings), e.Overrides.Over(m.settings.Settings)
	if exists && (e.Value != old.Value || before.Check != after.Check || before.Verify != after.Verify) {
		e.Revision = m.index
	}
	e.Configured, e.Modified, m.endpointsIndex = m.index, m.index, m.index
	m.endpoints[c.Key] = e
	return changed
}

// fulfilled says in other words what a Condition asks for.
func fulfilled(c *fsm.Condition, exists bool, version uint64) bool {
	if c == nil {
		return true
	}
	if c.Absent {
		return !exists
	}
	return exists && (len(c.Versions) == 0 || slices.Contains(c.Versions, version))
}

// declare deletes what is pruned and sets the rest, one by one.
func (m *model) declare(c fsm.DeclareEndpoints) string {
	answer := same
	for key, e := range m.endpoints {
		if c.Prune == nil || !strings.HasPrefix(key, c.Prune.Prefix) {
			continue
		}
		if slices.ContainsFunc(c.Endpoints, func(d fsm.Declared) bool { return d.Key == key }) {
			continue
		}
		if want, ok := c.Prune.Labels["l"]; ok && e.Labels["l"] != want {
			continue
		}
		delete(m.endpoints, key)
		m.endpointsIndex, answer = m.index, changed
	}
	for _, d := range c.Endpoints {
		if m.set(fsm.SetEndpoint{Key: d.Key, Value: d.Value, Overrides: &d.Overrides, Labels: &d.Labels, Parents: &d.Parents}) == changed {
			answer = changed
		}
	}
	return answer
}

func (m *model) freeSlot() uint32 {
	taken := map[uint32]bool{}
	for _, e := range m.endpoints {
		taken[e.Slot] = true
	}
	for slot := uint32(0); ; slot++ {
		if !taken[slot] {
			return slot
		}
	}
}

func (m *model) register(c fsm.RegisterObserver) string {
	o := fsm.Observer{
		Node: c.Node, Site: c.Site, Joined: m.index, Epoch: m.index, Incarnation: c.Incarnation,
		Raft: c.Raft, Gossip: c.Gossip, HTTP: c.HTTP, Version: c.Version, Protocol: c.Protocol,
	}
	if o.Reads() < m.inUse {
		return "too-old"
	}
	for _, other := range m.observers {
		if other.Node != c.Node && other.Raft == c.Raft && other.Epoch > c.AsOf && c.AsOf > 0 {
			return "conflict"
		}
	}
	old, exists := m.observers[c.Node]
	if exists {
		o.Joined, o.Previous, o.Preferred = old.Joined, old.Epoch, old.Preferred
	}
	if exists && old.Incarnation == c.Incarnation {
		o.Epoch, o.Previous = old.Epoch, old.Previous
	}
	if exists && o == old {
		return same
	}
	if exists && c.New {
		return "conflict"
	}
	m.observers[c.Node] = o
	m.observersIndex = m.index
	return changed
}

func (m *model) transition(term uint64, c fsm.Transition) string {
	e, ok := m.endpoints[c.Key]
	if !ok {
		return "not-found"
	}
	if m.clusterID == "" {
		return "conflict"
	}
	fits := e.Generation == c.Generation && e.Revision == c.Revision && e.Configured == c.Configured && e.State == c.From && e.Sequence == c.Sequence
	if !fits || term != c.Term || c.Holds != m.holdsIndex || c.Settings != m.settingsIndex || c.Observers != m.observersIndex {
		return "conflict"
	}
	if m.held(e.Key) || c.To == health.Down && m.braked() {
		return "conflict"
	}
	return m.happen(e, fsm.Event{To: c.To, Time: c.Time, Leader: c.Leader, Term: c.Term, Quorum: c.Quorum, Votes: c.Votes})
}

// held reports whether an endpoint depends on one that is DOWN, and not that one
// on it.
func (m *model) held(key string) bool {
	for other, e := range m.endpoints {
		if e.State == health.Down && m.ancestors(key)[other] && !m.ancestors(other)[key] {
			return true
		}
	}
	return false
}

// ancestors goes up until nothing new comes.
func (m *model) ancestors(key string) map[string]bool {
	all := map[string]bool{}
	for grown := -1; grown < len(all); {
		grown = len(all)
		for child, e := range m.endpoints {
			if child == key || all[child] {
				for _, parent := range e.Parents {
					all[parent] = true
				}
			}
		}
	}
	return all
}

// braked reports whether one more that is DOWN would be too many.
func (m *model) braked() bool {
	down := 1
	for _, e := range m.endpoints {
		if e.State == health.Down {
			down++
		}
	}
	return m.settings.Brake != 0 && float64(down)/float64(len(m.endpoints)) > float64(m.settings.Brake)/100
}

func (m *model) force(term uint64, c fsm.ForceState) string {
	e, ok := m.endpoints[c.Key]
	if !ok {
		return "not-found"
	}
	if e.State == c.To {
		return same
	}
	if m.clusterID == "" {
		return "conflict"
	}
	return m.happen(e, fsm.Event{To: c.To, Time: c.Time, Leader: c.Leader, Term: term, Votes: []fsm.Vote{}, Manual: &fsm.Manual{Reason: c.Reason, By: c.By}})
}

func (m *model) happen(e fsm.Endpoint, event fsm.Event) string {
	if m.lastEvent == m.index {
		return "conflict"
	}
	event.ID, event.Key, event.Value, event.Generation = m.index, e.Key, e.Value, e.Generation
	event.Sequence, event.From, event.Baseline = e.Sequence+1, e.State, e.Sequence == 0
	m.events = append(m.events, event)
	e.State, e.Since, e.Sequence, e.LastEvent, e.Modified = event.To, event.Time, event.Sequence, event.ID, m.index
	m.endpoints[e.Key], m.lastEvent = e, event.ID
	m.trim()
	return changed
}

func (m *model) trim() {
	if forgotten := len(m.events) - m.settings.EventsKept; forgotten > 0 {
		m.lastForgotten = m.events[forgotten-1].ID
		m.events = m.events[forgotten:]
	}
	m.outcomes = slices.DeleteFunc(m.outcomes, func(o fsm.Outcome) bool { return !m.keeps(o.Event) })
}

func (m *model) keeps(event uint64) bool {
	return slices.ContainsFunc(m.events, func(e fsm.Event) bool { return e.ID == event })
}

func endedAsLeader(o fsm.Outcome) bool {
	return o.Role == fsm.Leader && o.Ending != fsm.Superseded && o.Ending != fsm.Gap
}

func awaitsRetry(o fsm.Outcome) bool { return o.Ending == fsm.GaveUp && o.RetryAsked > o.Retry }

func settles(o fsm.Outcome) bool { return endedAsLeader(o) && !awaitsRetry(o) }

func (m *model) event(id uint64) fsm.Event {
	return m.events[slices.IndexFunc(m.events, func(e fsm.Event) bool { return e.ID == id })]
}

// givenUp returns the places of the outcomes that were given up.
func (m *model) givenUp(event uint64, node string) (at []int, refused string) {
	if !m.keeps(event) {
		return nil, "not-found"
	}
	for i, o := range m.outcomes {
		if o.Event == event && (node == "" || o.Node == node) && o.Ending == fsm.GaveUp {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return nil, "conflict"
	}
	return at, ""
}

func (m *model) retry(c fsm.RetryNotification) string {
	at, refused := m.givenUp(c.Event, c.Node)
	if refused != "" {
		return refused
	}
	event := m.event(c.Event)
	if e, there := m.endpoints[event.Key]; !there || e.LastEvent != event.ID {
		return "conflict"
	}
	answer := same
	for _, i := range at {
		o := &m.outcomes[i]
		if observer, member := m.observers[o.Node]; !member || observer.Joined > event.ID {
			if c.Node != "" {
				return "conflict"
			}
			continue
		}
		if !awaitsRetry(*o) {
			o.RetryAsked, o.Ack, answer = m.index, nil, changed
		}
	}
	return answer
}

func (m *model) ack(c fsm.AckNotification) string {
	at, refused := m.givenUp(c.Event, c.Node)
	if refused != "" {
		return refused
	}
	answer := same
	for _, i := range at {
		if ack := m.outcomes[i].Ack; ack == nil || ack.By != c.Ack.By || ack.Why != c.Ack.Why {
			m.outcomes[i].Ack, answer = &c.Ack, changed
		}
	}
	return answer
}

func (m *model) record(o fsm.Outcome) string {
	if !m.keeps(o.Event) {
		return "not-found"
	}
	for i, old := range m.outcomes {
		if old.Event != o.Event || old.Node != o.Node {
			continue
		}
		if o.Retry < old.Retry {
			return same
		}
		if o.Retry == old.Retry && (endedAsLeader(old) && !endedAsLeader(o) || endedAsLeader(old) == endedAsLeader(o) && o.Attempt <= old.Attempt) {
			return same
		}
		o.RetryAsked = old.RetryAsked
		m.outcomes[i] = o
		return changed
	}
	m.outcomes = append(m.outcomes, o)
	return changed
}

// picture is everything that can be seen of a state but the notes of one node
// alone, to be compared.
type picture struct {
	Index, EndpointsIndex, SettingsIndex uint64
	LastEvent, FirstEvent, LastForgotten uint64
	ClusterID                            string
	Settings                             fsm.ClusterSettings
	Endpoints                            []fsm.Endpoint
	Slots                                map[uint32]string
	Observers                            []fsm.Observer
	Events                               []fsm.Event
	Outcomes                             []fsm.Outcome
	Awaiting                             []uint64
	Retries, Unattended                  []fsm.Outcome
	Children                             map[string][]string
	Down                                 int
	HoldsIndex                           uint64
	Pauses                               []fsm.Pause
	Windows                              []fsm.Window
	Protocol, InUse                      fsm.Protocol
}

func (m *model) picture() picture {
	p := picture{
		Index: m.index, EndpointsIndex: m.endpointsIndex, SettingsIndex: m.settingsIndex, LastEvent: m.lastEvent, LastForgotten: m.lastForgotten, ClusterID: m.clusterID, Settings: m.settings,
		Slots: map[uint32]string{}, Children: map[string][]string{}, Protocol: m.protocol(), InUse: m.inUse,
		Events: append([]fsm.Event(nil), m.events...), Outcomes: append([]fsm.Outcome(nil), m.outcomes...),
	}
	for _, key := range slices.Sorted(maps.Keys(m.endpoints)) {
		e := m.endpoints[key]
		p.Endpoints = append(p.Endpoints, e)
		p.Slots[e.Slot] = key
		if e.State == health.Down {
			p.Down++
		}
		for _, event := range m.events {
			settled := slices.ContainsFunc(m.outcomes, func(o fsm.Outcome) bool { return o.Event == event.ID && settles(o) })
			if event.ID == e.LastEvent && !event.Baseline && !settled {
				p.Awaiting = append(p.Awaiting, event.ID)
			}
		}
	}
	for _, node := range slices.Sorted(maps.Keys(m.observers)) {
		p.Observers = append(p.Observers, m.observers[node])
	}
	for parent := range m.endpoints {
		for _, child := range slices.Sorted(maps.Keys(m.endpoints)) {
			if slices.Contains(m.endpoints[child].Parents, parent) {
				p.Children[parent] = append(p.Children[parent], child)
			}
		}
	}
	p.HoldsIndex, p.Pauses = m.holdsIndex, append([]fsm.Pause(nil), m.pauses...)
	slices.SortFunc(p.Pauses, func(a, b fsm.Pause) int { return strings.Compare(a.Scope.String(), b.Scope.String()) })
	for _, name := range slices.Sorted(maps.Keys(m.windows)) {
		p.Windows = append(p.Windows, m.windows[name])
	}
	slices.SortFunc(p.Outcomes, byEventAndNode)
	for _, o := range p.Outcomes {
		if awaitsRetry(o) {
			p.Retries = append(p.Retries, o)
		}
		e, there := m.endpoints[m.event(o.Event).Key]
		if there && e.LastEvent == o.Event && o.Ending == fsm.GaveUp && o.Ack == nil && !awaitsRetry(o) {
			p.Unattended = append(p.Unattended, o)
		}
	}
	if len(p.Events) > 0 {
		p.FirstEvent = p.Events[0].ID
	}
	return p
}

func (m *model) protocol() fsm.Protocol {
	for p := fsm.Protocol(31); p > m.inUse; p-- {
		all := len(m.observers) > 0
		for _, o := range m.observers {
			all = all && o.Reads() >= p
		}
		if all {
			return p
		}
	}
	return m.inUse
}

func byEventAndNode(a, b fsm.Outcome) int {
	if a.Event != b.Event {
		return int(a.Event) - int(b.Event)
	}
	return slices.Compare([]byte(a.Node), []byte(b.Node))
}

// pictureOf takes a picture of v, by every method that v has, and checks that
// those that tell the same thing agree.
func pictureOf(tb interface {
	Helper()
	Fatalf(format string, args ...any)
}, v *fsm.View,
) picture {
	tb.Helper()
	p := picture{
		Index: v.Index(), EndpointsIndex: v.EndpointsIndex(), SettingsIndex: v.SettingsIndex(), LastEvent: v.LastEvent(), FirstEvent: v.FirstEvent(), LastForgotten: v.LastForgotten(),
		ClusterID: v.ClusterID(), Settings: v.Settings(), Slots: map[uint32]string{}, Children: map[string][]string{}, HoldsIndex: v.Holds().Index, Down: v.DownCount(), Protocol: v.Protocol(), InUse: v.ProtocolInUse(),
	}
	for e := range v.Endpoints("") {
		p.Endpoints = append(p.Endpoints, *e)
		if at, ok := v.EndpointAt(e.Slot); !ok || at != e {
			tb.Fatalf("EndpointAt(%d) is %v, and not %q", e.Slot, at, e.Key)
		}
		if at, ok := v.Endpoint(e.Key); !ok || at != e {
			tb.Fatalf("Endpoint(%q) is %v", e.Key, at)
		}
		p.Slots[e.Slot] = e.Key
		for child := range v.Below(e.Key) {
			if slices.Contains(child.Parents, e.Key) {
				p.Children[e.Key] = append(p.Children[e.Key], child.Key)
			}
		}
		slices.Sort(p.Children[e.Key])
	}
	for _, hold := range v.Holds().Pauses {
		p.Pauses = append(p.Pauses, *hold)
		if at, ok := v.Holds().Pause(hold.Scope); !ok || at != hold {
			tb.Fatalf("Pause(%v) is %v", hold.Scope, at)
		}
	}
	slices.SortFunc(p.Pauses, func(a, b fsm.Pause) int { return strings.Compare(a.Scope.String(), b.Scope.String()) })
	for _, hold := range v.Holds().Windows {
		p.Windows = append(p.Windows, *hold)
		if at, ok := v.Holds().Window(hold.Name); !ok || at != hold {
			tb.Fatalf("Window(%q) is %v", hold.Name, at)
		}
	}
	for o := range v.Observers() {
		p.Observers = append(p.Observers, *o)
		if at, ok := v.Observer(o.Node); !ok || at != o {
			tb.Fatalf("Observer(%q) is %v", o.Node, at)
		}
	}
	var backwards []uint64
	for e := range v.EventsBackwards() {
		backwards = append(backwards, e.ID)
	}
	for e := range v.EventsAfter(0) {
		event := *e
		event.AppliedAt = time.Time{}
		p.Events = append(p.Events, event)
		for o := range v.Outcomes(e.ID) {
			p.Outcomes = append(p.Outcomes, *o)
			if at, ok := v.Outcome(e.ID, o.Node); !ok || at != o {
				tb.Fatalf("Outcome(%d, %q) is %v", e.ID, o.Node, at)
			}
		}
		if at, ok := v.Event(e.ID); !ok || at != e || backwards[len(backwards)-len(p.Events)] != e.ID {
			tb.Fatalf("Event(%d) is %v, and backwards they are %v", e.ID, at, backwards)
		}
	}
	for e := range v.AwaitingLeader() {
		p.Awaiting = append(p.Awaiting, e.ID)
	}
	for o := range v.AwaitingRetry() {
		p.Retries = append(p.Retries, *o)
	}
	for o := range v.Unattended() {
		p.Unattended = append(p.Unattended, *o)
	}
	if v.UnattendedCount() != len(p.Unattended) {
		tb.Fatalf("%d are unattended, and the count is %d", len(p.Unattended), v.UnattendedCount())
	}
	if v.EndpointCount() != len(p.Endpoints) || v.ObserverCount() != len(p.Observers) || v.EventCount() != len(p.Events) || len(backwards) != len(p.Events) {
		tb.Fatalf("the counts %d, %d, %d do not fit %+v", v.EndpointCount(), v.ObserverCount(), v.EventCount(), p)
	}
	return p
}

// answers puts what Apply returned in the model's words.
func answers(tb testing.TB, applied any) []string {
	tb.Helper()
	results, ok := applied.([]fsm.Result)
	if !ok {
		tb.Fatalf("Apply returned %v", applied)
	}
	var words []string
	for _, r := range results {
		switch {
		case r.Refused != nil && r.Changed:
			tb.Fatalf("%+v is refused and changed all the same", r)
		case r.Refused != nil:
			words = append(words, string(r.Refused.Code))
		case r.Changed:
			words = append(words, changed)
		default:
			words = append(words, same)
		}
	}
	return words
}

// logOf packs commands into an entry of the log.
func logOf(tb testing.TB, index, term uint64, commands ...fsm.Command) *raft.Log {
	tb.Helper()
	return &raft.Log{Index: index, Term: term, Data: encode(tb, commands...)}
}

// restored returns a new Machine with what m has.
func restored(tb testing.TB, m *fsm.Machine) *fsm.Machine {
	tb.Helper()
	other := fsm.NewMachine()
	if err := other.Restore(reader(snapshotOf(tb, m))); err != nil {
		tb.Fatal(err)
	}
	return other
}

func mustEqual(tb interface {
	Helper()
	Fatalf(format string, args ...any)
}, what string, got, want any,
) {
	tb.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}
