package clustertest_test

// bug is a mistake that somebody could make.
type bug struct {
	name string
	edits
}

// edits are what is changed for it. More than one are for what is guarded in
// more than one place, so that either mistake alone does no harm.
type edits []edit

// edit replaces in a file of the production code one piece of text, which is
// there once, by another.
type edit struct{ file, from, to string }

// bugs are those that the simulation has to find.
var bugs = []bug{
	{
		// A leader has one proposal about an endpoint at a time, and begins when
		// all that the leaders before it have proposed is applied. And nothing
		// changes to what it is.
		"no compare-and-set in transitions, and a new leader does not wait for what the old one left",
		edits{
			{"fsm/transition.go", "case b.term != c.Term:", "case false:"},
			{"fsm/basis.go", "case b == now:", "case b.Generation == now.Generation && b.Revision == now.Revision:"},
			{"fsm/transition.go", "case event.To == e.State, event.To != health.Up", "case event.To != health.Up"},
			{
				"consensus/leadership.go",
				"for m.barrier(ctx) != nil || m.found(ctx) != nil {", "for m.found(ctx) != nil {",
			},
		},
	},
	{"the cursor is saved before the script ran", edits{{
		"notify/write.go",
		"	maps.Copy(b.Entries, c.entries)\n	maps.Copy(b.Outbox, c.outbox)\n	maps.Copy(b.Acted, c.acted)\n	for _, l := range launches {\n		b.Entries[l.n.Event] = &l.entry\n	}\n",
		"	maps.Copy(b.Outbox, c.outbox)\n	maps.Copy(b.Acted, c.acted)\n",
	}}},
	{"the generation is ignored", edits{{
		"quorum/votes.go",
		"case b.Index < e.Generation:\n		return excludedBeforeAdded\n	case b.Index < e.Revision:\n		return excludedBeforeChanged\n",
		"",
	}}},
	{"a missing verdict counts as DOWN", edits{{
		"quorum/votes.go",
		"		v.Excluded = ExcludedNoBallot\n",
		"		v.Verdict = v.Verdict + 2\n",
	}}},
	{
		// A quorum of half of the observers or fewer is never taken for enough.
		"the quorum is taken from those who are heard",
		edits{
			{
				"quorum/votes.go",
				"settings.Quorum.Of(len(r.observers))",
				"settings.Quorum.Of(table.Nodes())",
			},
			{
				"quorum/decide.go",
				"return max(q.Quorum, len(q.Votes)/2+1)", "return q.Quorum",
			},
		},
	},
	{"stale ballots are counted", edits{{
		"quorum/votes.go",
		"case age >= at.TTL:",
		"case false:",
	}}},
	{"a new leader decides at once", edits{{
		"quorum/votes.go",
		"case held.MadeAt.Before(at.Since):",
		"case false:",
	}}},
	{"the ledger is not synced", edits{{
		"clustertest/simdisk/disk.go",
		"return l.write(func",
		"return l.put(func",
	}}},
	{"a script does not wait for the ledger", edits{{
		"notify/write.go",
		"	return o.config.Ledger.Write(b)",
		"	go o.config.Ledger.Write(b)\n	return nil",
	}}},
	{"ballots are not passed on", edits{{
		"gossipdb/delegate.go",
		"	g.queue.QueueBroadcast(newBroadcast(Held{Ballot: b, MadeAt: madeAt}))\n",
		"",
	}}},
	{"no rejoin after a cut", edits{{
		"gossipdb/join.go",
		"if len(missing) == 0 || g.HasLeft() {",
		"if len(missing) == 0 || g.HasLeft() || g.roster.alive() > 1 {",
	}}},
	{"a snapshot without states", edits{{
		"fsm/restore.go",
		"	r.modified.Insert(modifiedKey(e.Modified, e.Key), e.Key)\n	relate(",
		"	e.State, e.Sequence, e.LastEvent = 0, 0, 0\n	r.modified.Insert(modifiedKey(e.Modified, e.Key), e.Key)\n	relate(",
	}}},
	{"a retry without a bound", edits{{
		"notify/lane.go",
		"{ return n.Before + attempts }",
		"{ return n.Before + attempts + 1000 }",
	}}},
	{"superseding drops the newest", edits{{
		"notify/lane.go",
		"if last := l[len(l)-1]; last != n {\n		return last.Event\n	}",
		"if last := l[len(l)-1]; last != n || len(l) > 1 {\n		return last.Event\n	}",
	}}},
	{"a baseline is notified", edits{{
		"notify/follow.go",
		"if !e.Baseline {",
		"if e.ID > 0 {",
	}}},
	{"events are numbered anew after a restart", edits{{
		"fsm/restore.go",
		"line.Event.AppliedAt = now",
		"line.Event.AppliedAt = now\n		line.Event.ID -= line.Event.ID % 2",
	}}},
	{"a ledger that is new begins at the beginning", edits{{
		"notify/begin.go",
		"o.cursor, o.origin = o.config.Start, o.config.Start",
		"o.cursor, o.origin = 1, 1",
	}}},
	{"an uncertain write is called undone", edits{{
		"consensus/propose.go",
		"return nil, api.ErrUncertain\n	}\n	m.nudge()",
		"return nil, m.NotLeader()\n	}\n	m.nudge()",
	}}},
	{"no take-over", edits{{
		"notify/takeover.go",
		"case !c.leading, !c.ours, c.open:",
		"case true:",
	}}},
	{"what was given up is run again unasked", edits{{
		"fsm/attention.go",
		"return o.Ending == GaveUp && o.RetryAsked > o.Retry",
		"return o.Ending == GaveUp",
	}}},
	{
		"what somebody asks for is run after a newer event",
		edits{
			{
				"notify/advance.go",
				"if n.again() && there && e.LastEvent > n.Event {",
				"if false {",
			},
			{"fsm/attention.go", "case e.LastEvent != event.ID:", "case false:"},
			{"notify/lane.go", "case s.acted != 0:", "case s.acted != 0 && !n.again():"},
			{"notify/write.go", "newer := there && e.LastEvent > l.n.Event && l.n.phase != interrupted", "newer := there && e.LastEvent > l.n.Event && l.n.phase != interrupted && !l.n.again()"},
		},
	},
	{"a pause is ignored", edits{{
		"quorum/votes.go",
		"Holds:    at.Holds.On(view, e), HoldsDown",
		"HoldsDown",
	}}},
	{
		// The leader judges by parents, and the state machine once more.
		"a parent that is DOWN is ignored",
		edits{
			{"hold/book.go", "return append(all, Parents(view, e)...)", "return all"},
			{
				"fsm/basis.go",
				"for parent := range lookup(b.endpoint).holding(e, (*Endpoint).isDown) {",
				"for parent := range lookup(b.endpoint).holding(e, func(*Endpoint) bool { return false }) {",
			},
		},
	},
	{
		// A child waits for what its parent is about to become, and the state
		// machine refuses it behind that.
		"a parent that falls at the same time is ignored",
		edits{
			{"quorum/term.go", "falls = len(a.HeldBy) > 0", "a.HeldBy = nil"},
			{
				"fsm/basis.go",
				"for parent := range lookup(b.endpoint).holding(e, (*Endpoint).isDown) {",
				"for parent := range lookup(b.endpoint).holding(e, func(*Endpoint) bool { return false }) {",
			},
		},
	},
	{"only a parent holds, and none above it", edits{{
		"fsm/parents.go",
		"find.reach(key, find.parentsOf, maxAncestors)",
		"find.reach(key, find.parentsOf, 0)",
	}}},
	{
		// Every ballot that was made since somebody wrote an endpoint wakes them all.
		"what a parent held is left until somebody looks at everything",
		edits{
			{
				"quorum/held.go",
				"	for e := range t.view.Below(key) {\n		t.due.push(e.Slot)\n	}\n",
				"",
			},
			{"gossipdb/table.go", "if old.Epoch != now.Epoch || old.Index != now.Index {", "if old.Epoch != now.Epoch {"},
		},
	},
	{
		// So it is with the brake: the leader judges, and the state machine.
		"the brake is ignored",
		edits{
			{"quorum/votes.go", ", HoldsDown: hold.Braked(view, at.Falling),", ","},
			{
				"fsm/basis.go",
				"to == health.Down && limit.Exceeded(b.next.down+1, b.endpointCount)",
				"to == health.Down && limit.Exceeded(0, b.endpointCount)",
			},
		},
	},
	{
		"the brake does not count what is on its way",
		edits{
			{"quorum/term.go", "			at.Falling++\n", ""},
			{
				"fsm/basis.go",
				"to == health.Down && limit.Exceeded(b.next.down+1, b.endpointCount)",
				"to == health.Down && limit.Exceeded(b.next.down, b.endpointCount)",
			},
		},
	},
	{
		"what the brake held is left until somebody looks at everything",
		edits{
			{"quorum/term.go", "if t.braked && !t.brakes(at.Falling) {", "if t.braked && false {"},
			{"gossipdb/table.go", "if old.Epoch != now.Epoch || old.Index != now.Index {", "if old.Epoch != now.Epoch {"},
		},
	},
	{"a gap is silent", edits{{
		"notify/gap.go",
		"	o.log.Error(\"events were missed:",
		"	o.log.Debug(\"",
	}}},
}
