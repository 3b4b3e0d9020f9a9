package quorum_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/quorum"
)

const cooldown = 30 * time.Second // of the default settings

// inOffice runs test in a bubble, on a leader of as many nodes as sites, with
// the endpoint db, and with a Loop that has just taken office.
func inOffice(t *testing.T, test func(l *leader, loop *quorum.Loop), sites ...string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &leader{world: newWorld(t, sites...)}
		l.set("db", "v")
		loop, stop := l.run()
		defer stop()
		synctest.Wait()
		test(l, loop)
	})
}

// expect waits until nothing moves any more and compares the state of the
// endpoint db and the number of its events.
func (l *leader) expect(when string, state health.Status, sequence uint64) {
	l.t.Helper()
	synctest.Wait()
	if e := l.endpoint("db"); e.State != state || e.Sequence != sequence {
		l.t.Errorf("%s: %v with %d events, want %v with %d", when, e.State, e.Sequence, state, sequence)
	}
}

func TestLoop_DecidesAsSoonAsAQuorumAgrees(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		l.say("node1", health.Up, "db")
		l.expect("one of three", health.Unknown, 0)
		l.say("node2", health.Up, "db")
		l.expect("two of three: the baseline", health.Up, 1)
		l.say("node3", health.Down, "db")
		l.expect("one contradicts", health.Up, 1)
		l.say("node2", health.Down, "db")
		l.expect("two contradict", health.Down, 2)
	}, "", "", "")
}

func TestLoop_WhoAbstainsCountsInNAndForNobody(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		l.allSay(health.Up, "db")
		l.expect("all say UP", health.Up, 1)
		l.say("node1", health.Down, "db")
		l.say("node2", health.Down, "db")
		l.abstain("node2")
		l.say("node3", health.Down, "db")
		l.expect("two of five say DOWN, and one of them before it abstained", health.Up, 1)
		l.abstain("node4")
		l.abstain("node5")
		l.expect("of those who do not abstain all say DOWN", health.Up, 1)
		l.say("node5", health.Down, "db")
		l.expect("three of five say DOWN", health.Down, 2)

		event, _ := l.View().Event(l.endpoint("db").LastEvent)
		if v := event.Votes[1]; v.Verdict != health.Unknown || v.Excluded != "" || v.Reason != "abstains: no canary answers" {
			t.Errorf("the evidence has %+v for who abstained", v)
		}
	}, "", "", "", "", "")
}

func TestLoop_GivesEvidence(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		l.say("node4", health.Up, "db")
		time.Sleep(2 * time.Second)
		l.receive(l.ballot("node1", health.Down, "db"), 20*time.Second)
		l.say("node2", health.Up, "db")
		l.say("node3", health.Up, "db")
		l.expect("three of five", health.Up, 1)

		event, _ := l.View().Event(l.endpoint("db").LastEvent)
		if event.Leader != "node1" || event.Term != l.term || event.Quorum != 3 || !event.Baseline || !event.Time.Equal(time.Now()) {
			t.Errorf("event %+v, want a baseline of node1, term %d, quorum 3, now", event, l.term)
		}
		var told []string
		for _, v := range event.Votes {
			told = append(told, fmt.Sprintf("%s %v %v %s", v.Node, v.Verdict, v.Age, v.Excluded))
		}
		want := "node1 DOWN 20s stale|node2 UP 0s |node3 UP 0s |node4 UP 2s |node5 UNKNOWN 0s no ballot"
		if got := strings.Join(told, "|"); got != want {
			t.Errorf("evidence %s, want %s", got, want)
		}
	}, "", "", "", "", "")
}

func TestLoop_HoldsAChangeBackUntilTheCooldownEnds(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		l.allSay(health.Up, "db")
		l.expect("baseline", health.Up, 1)
		l.allSay(health.Down, "db")
		l.expect("the baseline holds nothing back", health.Down, 2)
		time.Sleep(time.Second)
		l.allSay(health.Up, "db")
		time.Sleep(cooldown - time.Second - 1)
		l.allSay(health.Up) // all are heard of, and say the same
		l.expect("just before the end", health.Down, 2)
		time.Sleep(time.Nanosecond)
		l.expect("at the end", health.Up, 3)
	}, "", "", "")
}

func TestLoop_ForgetsAHeldChangeThatNobodyWantsAnyMore(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		l.allSay(health.Up, "db")
		l.allSay(health.Down, "db")
		l.allSay(health.Up, "db")
		l.allSay(health.Down, "db")
		time.Sleep(2 * cooldown)
		l.expect("long after", health.Down, 2)
	}, "", "", "")
}

func TestLoop_DecidesAHeldChangeWhenTheCooldownIsLifted(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		l.allSay(health.Up, "db")
		l.allSay(health.Down, "db")
		l.allSay(health.Up, "db")
		l.expect("held", health.Down, 2)
		l.must(fsm.SetEndpoint{Key: "db", Value: "v", Overrides: &fsm.Overrides{Cooldown: new(fsm.Duration(0))}})
		l.expect("lifted", health.Up, 3)
	}, "", "", "")
}

func TestLoop_CountsOnlyBallotsOfItsTimeInOffice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leader{world: newWorld(t, "", "", "")}
		l.set("db", "v")
		l.force(health.Up, "db")
		l.allSay(health.Down, "db")
		time.Sleep(time.Millisecond)
		_, stop := l.run()
		defer stop()
		l.expect("a quorum, from before", health.Up, 1)
		// A repeated ballot changes no verdict: nothing tells of it.
		l.say("node1", health.Down)
		time.Sleep(time.Second)
		l.expect("one said so again", health.Up, 1)
		l.say("node2", health.Down)
		time.Sleep(time.Second)
		l.expect("a quorum said so again", health.Down, 2)
	})
}

func TestLoop_CountsOnlyBallotsMadeSinceAStandstill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var awake atomic.Pointer[time.Time]
		awake.Store(new(time.Time))
		l := &leader{world: newWorld(t, "", "", ""), awake: func() time.Time { return *awake.Load() }}
		l.set("db", "v")
		loop, stop := l.run()
		defer stop()
		l.allSay(health.Up, "db")
		l.say("node1", health.Down, "db")
		l.expect("one says DOWN", health.Up, 1)
		time.Sleep(time.Second)
		awake.Store(new(time.Now()))
		l.say("node2", health.Down, "db")
		loop.Sweep()
		time.Sleep(time.Second)
		l.expect("two, but one of them before the standstill", health.Up, 1)
		l.say("node1", health.Down)
		time.Sleep(time.Second)
		l.expect("it said so again", health.Down, 2)
	})
}

func TestLoop_CountsASilentNodeThatIsHeardAgain(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		l.allSay(health.Up, "db")
		l.say("node2", health.Down, "db")
		time.Sleep(time.Minute) // nobody is heard of
		l.say("node1", health.Down, "db")
		l.expect("the other vote is stale", health.Up, 1)
		l.say("node2", health.Down, "db")
		time.Sleep(time.Second)
		l.expect("it is fresh again", health.Down, 2)
	}, "", "", "")
}

func TestLoop_CountsABallotOnceThisNodeHasCaughtUp(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		for _, node := range []string{"node1", "node2", "node3"} {
			b := l.ballot(node, health.Up, "db")
			b.Index = l.View().Index() + 1
			l.receive(b, 0)
		}
		time.Sleep(time.Second)
		l.expect("ahead", health.Unknown, 0)
		l.set("another", "v")
		time.Sleep(time.Second)
		l.expect("caught up", health.Up, 1)
	}, "", "", "")
}

func TestLoop_StartsAfreshAfterAChangeOfValue(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		l.allSay(health.Up, "db")
		l.say("node1", health.Down, "db")
		l.set("db", "another")
		b := l.ballot("node2", health.Down, "db")
		b.Index-- // from before the change
		l.receive(b, 0)
		l.expect("old verdicts", health.Up, 1)
		l.say("node2", health.Down) // the same verdict, of the new value
		time.Sleep(time.Second)
		l.expect("one new verdict", health.Up, 1)
		l.say("node1", health.Down)
		time.Sleep(time.Second)
		l.expect("a quorum of new verdicts", health.Down, 2)
	}, "", "", "")
}

func TestLoop_StartsAfreshAfterADeletion(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		l.allSay(health.Up, "db")
		l.allSay(health.Down, "db")
		l.expect("before", health.Down, 2)
		l.must(fsm.DeleteEndpoint{Key: "db"})
		l.set("db", "v")
		l.expect("old verdicts", health.Unknown, 0)
		l.allSay(health.Down, "db")
		time.Sleep(time.Second)
		l.expect("new verdicts", health.Down, 1)
		if n := l.count(); n != 3 {
			t.Errorf("%d proposals, want 3", n)
		}
	}, "", "", "")
}

func TestLoop_LooksAgainWhenObserversOrSettingsChange(t *testing.T) {
	t.Run("an observer is removed", func(t *testing.T) {
		inOffice(t, func(l *leader, _ *quorum.Loop) {
			l.say("node1", health.Up, "db")
			l.say("node2", health.Up, "db")
			l.expect("two of four", health.Unknown, 0)
			l.must(fsm.RemoveObserver{Node: "node4"})
			l.expect("two of three", health.Up, 1)
		}, "", "", "", "")
	})
	t.Run("the registration comes after the ballot", func(t *testing.T) {
		inOffice(t, func(l *leader, _ *quorum.Loop) {
			l.say("node1", health.Up, "db")
			b := l.ballot("node2", health.Up, "db")
			b.Epoch = l.View().Index() + 1
			l.receive(b, 0)
			l.expect("unknown process", health.Unknown, 0)
			l.register("node2", "", "again")
			l.expect("known process", health.Up, 1)
		}, "", "", "")
	})
	t.Run("sites are switched off", func(t *testing.T) {
		inOffice(t, func(l *leader, _ *quorum.Loop) {
			for _, node := range []string{"node1", "node2", "node3"} {
				l.say(node, health.Up, "db")
			}
			l.expect("a quorum in one site", health.Unknown, 0)
			settings := l.View().Settings()
			settings.Sites = fsm.SitesOff
			l.must(fsm.ChangeSettings{Settings: settings})
			l.expect("sites do not matter", health.Up, 1)
		}, "lyon", "lyon", "lyon", "nice", "paris")
	})
}

func TestLoop_RunsAgainInAnotherTerm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leader{world: newWorld(t, "")}
		l.set("db", "v")
		_, stop := l.run()
		l.allSay(health.Up, "db")
		l.expect("first term", health.Up, 1)
		stop()
		l.term = 5
		l.allSay(health.Down, "db")
		l.expect("nobody leads", health.Up, 1)
		time.Sleep(time.Second)
		_, stop = l.run()
		defer stop()
		l.expect("old ballots", health.Up, 1)
		l.allSay(health.Down)
		time.Sleep(time.Second)
		l.expect("second term", health.Down, 2)
	})
}

func TestLoop_LogsEachChangeOnceAndWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leader{world: newWorld(t, "", "", "")}
		l.set("db", "v")
		l.force(health.Up, "db") // by somebody else
		var log bytes.Buffer
		loop := quorum.NewLoop(quorum.Config{
			Node: "node1", Machine: l.Machine, Ballots: l.ballots, Proposer: l,
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = loop.Run(ctx, l.term, time.Now())
		}()
		l.say("node1", health.Down, "db")
		time.Sleep(1500 * time.Millisecond)
		l.say("node3", health.Down, "db")
		l.expect("down", health.Down, 2)
		l.say("node1", health.Up, "db")
		l.say("node2", health.Up, "db")
		l.expect("held", health.Down, 2)
		l.set("cache", "v")
		l.force(health.Up, "cache") // by somebody else
		loop.Sweep()
		synctest.Wait()
		cancel()
		<-done
		for _, want := range []string{
			`msg="change held back" component=quorum key=db from=DOWN to=UP held_by=cooldown for=30s reason="the cooldown holds it back for another 30s"`,
		} {
			if strings.Count(log.String(), want) != 1 {
				t.Errorf("the log does not say once %q:\n%s", want, &log)
			}
		}
		if lines := strings.Count(log.String(), "\n"); lines != 1 {
			t.Errorf("the log has %d lines, want 1:\n%s", lines, &log)
		}
	})
}
