package notify

import (
	"testing"
	"time"

	"tocsin/fsm"
)

func TestNotification_Next(t *testing.T) {
	now := time.Now()
	event := &fsm.Event{ID: 10, Key: "a"}
	fresh := situation{now: now, attempts: 3}
	with := func(change func(*situation)) situation {
		s := fresh
		change(&s)
		return s
	}
	newer := with(func(s *situation) { s.newer = 20 })
	gone := with(func(s *situation) { s.gone = true })
	leading := with(func(s *situation) { s.leading = true })
	tests := []struct {
		name string
		n    notification
		in   situation
		want step
	}{
		{"a new one starts", notification{event: event}, fresh, start},
		{"one that no event is known of stays", notification{}, newer, stay},
		{"a running one stays, whatever happens", notification{event: event, phase: running}, gone, stay},
		{"one that has ended stays so", notification{event: event, phase: ended}, newer, stay},
		{"a newer event supersedes", notification{event: event}, newer, supersede},
		{"a newer event supersedes between attempts", notification{event: event, phase: pausing, Entry: Entry{Attempt: 1}, until: now.Add(1)}, newer, supersede},
		{"a deletion supersedes", notification{event: event}, gone, supersede},
		{"a deletion supersedes what was interrupted", notification{event: event, phase: interrupted, Entry: Entry{Attempt: 1}}, gone, supersede},
		{"just before the pause is over it stays", notification{event: event, phase: pausing, Entry: Entry{Attempt: 1}, until: now.Add(1)}, fresh, stay},
		{"when the pause is over it starts", notification{event: event, phase: pausing, Entry: Entry{Attempt: 1}, until: now}, fresh, start},
		{"fewer attempts allowed meanwhile", notification{event: event, phase: pausing, Entry: Entry{Attempt: 3}, until: now}, fresh, giveUp},
		{"interrupted, though there is a newer one", notification{event: event, phase: interrupted, Entry: Entry{Attempt: 1}}, newer, start},
		{"interrupted in the last attempt", notification{event: event, phase: interrupted, Entry: Entry{Attempt: 3}}, fresh, start},
		{"interrupted in the one beyond", notification{event: event, phase: interrupted, Entry: Entry{Attempt: 4}}, fresh, giveUp},
		{"taken over, and leading", notification{event: event, Entry: Entry{TakenOver: true, Before: 9, Attempt: 9}}, leading, start},
		{"taken over, and no longer leading", notification{event: event, Entry: Entry{TakenOver: true, Before: 9, Attempt: 9}}, fresh, withdraw},
		{"taken over, tried, and no longer leading", notification{event: event, phase: pausing, Entry: Entry{TakenOver: true, Before: 9, Attempt: 10}}, fresh, supersede},
		{"taken over, and interrupted", notification{event: event, phase: interrupted, Entry: Entry{TakenOver: true, Before: 9, Attempt: 10}}, fresh, start},
		{"taken over, attempts of its own", notification{event: event, phase: pausing, Entry: Entry{TakenOver: true, Before: 9, Attempt: 11}}, leading, start},
		{"taken over, and used up", notification{event: event, phase: pausing, Entry: Entry{TakenOver: true, Before: 9, Attempt: 12}}, leading, giveUp},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, why := test.n.next(test.in)
			if got != test.want {
				t.Errorf("the next step is to %v, not to %v", got, test.want)
			}
			if (why != "") != (got == supersede || got == giveUp) {
				t.Errorf("to %v it says %q", got, why)
			}
		})
	}
}

func TestClaim_Decide(t *testing.T) {
	asFollower := &fsm.Outcome{Role: fsm.Follower, Ending: fsm.Done}
	asLeader := &fsm.Outcome{Role: fsm.Leader, Ending: fsm.GaveUp}
	passedOn := &fsm.Outcome{Role: fsm.Leader, Ending: fsm.Superseded}
	silent := claim{leading: true, ours: true, own: asFollower, timeout: time.Minute}
	with := func(change func(*claim)) claim {
		c := silent
		change(&c)
		return c
	}
	tests := []struct {
		name string
		in   claim
		want bool
	}{
		{"the leader at that time is silent", silent, true},
		{"it is alive, and may be running it", with(func(c *claim) { c.leaderAlive = true }), false},
		{"it is alive, for not quite too long", with(func(c *claim) { c.leaderAlive, c.waited = true, 7*time.Minute-1 }), false},
		{"it is alive, for too long", with(func(c *claim) { c.leaderAlive, c.waited = true, 7*time.Minute }), true},
		{"it is back, and may be running it", with(func(c *claim) { c.leaderAlive, c.leaderAnew = true, true }), false},
		{"it is back, for not quite too long", with(func(c *claim) { c.leaderAlive, c.leaderAnew, c.waited = true, true, 2*time.Minute-1 }), false},
		{"it is back, for too long", with(func(c *claim) { c.leaderAlive, c.leaderAnew, c.waited = true, true, 2*time.Minute }), true},
		{"it is alive for too long, and this node has not ended its own", with(func(c *claim) { c.leaderAlive, c.open, c.waited = true, true, time.Hour }), false},
		{"it is alive for too long, and this node does not lead", with(func(c *claim) { c.leaderAlive, c.leading, c.waited = true, false, time.Hour }), false},
		{"it is alive, and reported something else", with(func(c *claim) { c.leaderAlive, c.leaderReported = true, true }), true},
		{"it is alive, has given up, and is asked to try again", with(func(c *claim) { c.leaderAlive, c.leaderReported, c.retryAsked = true, true, true }), true},
		{"it was removed", with(func(c *claim) { c.leaderGone = true }), true},
		{"it was this node", with(func(c *claim) { c.leaderAlive, c.leaderIsSelf = true, true }), true},
		{"this node does not lead", with(func(c *claim) { c.leading = false }), false},
		{"this node has not ended its own", with(func(c *claim) { c.open = true }), false},
		{"the event is older than this node", with(func(c *claim) { c.ours = false }), false},
		{"this node ended it as leader, and reports it", with(func(c *claim) { c.own = asLeader }), false},
		{"this node was the leader, ended it so, and reports it", with(func(c *claim) { c.own, c.leaderIsSelf = asLeader, true }), false},
		{"this node had taken it over, passed it on, and leads again", with(func(c *claim) { c.own = passedOn }), true},
		{"nothing is known of this node's own", with(func(c *claim) { c.own = nil }), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			take, why := test.in.decide()
			if take != test.want || take != (why != "") {
				t.Errorf("take over is %v because %q, not %v", take, why, test.want)
			}
		})
	}
}

func TestPauseAfter(t *testing.T) {
	for failures, most := range map[int]time.Duration{
		0: time.Second, 1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 6: 32 * time.Second, 7: time.Minute, 1000: time.Minute,
	} {
		if got := pauseAfter(failures, 0); got != most {
			t.Errorf("after %d failures the pause is %v at most, not %v", failures, got, most)
		}
		if got := pauseAfter(failures, 1); got != most*3/4 {
			t.Errorf("after %d failures the pause is %v at least, not %v", failures, got, most*3/4)
		}
	}
}
