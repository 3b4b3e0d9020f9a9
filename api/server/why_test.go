package server_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/notify"
	"tocsin/verify"
)

// others are the nodes that are not the one under test, as it reaches them by
// their addresses.
type others struct{ *world }

func (o others) Account(ctx context.Context, address, key string) (peer.Account, error) {
	for observer := range o.View().Observers() {
		if observer.HTTP != address {
			continue
		}
		switch o.silent[observer.Node] {
		case "hangs":
			<-ctx.Done()
			return peer.Account{}, ctx.Err()
		case "gone":
			return peer.Account{}, fmt.Errorf("ask %s: %w", address, api.ErrUnreachable)
		case "old":
			return peer.Account{}, errors.New("it answered 404 Not Found: is it a node of Tocsin?")
		}
		if is := o.mistaken[observer.Node]; is != "" {
			return o.accountOf(is, key), nil
		}
		return o.accountOf(observer.Node, key), nil
	}
	return peer.Account{}, errors.New("nobody has that address")
}

// Account implements api.Peer.
func (w *world) Account(key string) peer.Account { return w.accountOf("node2", key) }

// accountOf is what a node says that sees what all see.
func (w *world) accountOf(node, key string) peer.Account {
	var open []notify.Open
	for _, o := range w.open[node] {
		if key == "" || o.Key == key {
			open = append(open, o)
		}
	}
	return peer.NewAccount(node, health.Down, w.samples[key], open, time.Now())
}

func TestWhy_TellsAllInOneAnswer(t *testing.T) {
	w := newWorld(t)
	w.set("db", "v")
	w.decide("db", health.Up)
	event := w.decide("db", health.Down)
	w.vote("node1", time.Second, map[string]health.Status{"db": health.Down})
	w.vote("node2", time.Second, map[string]health.Status{"db": health.Down})
	w.vote("node3", time.Second, map[string]health.Status{"db": health.Up})
	w.samples["db"] = []verify.Sample{
		{Status: health.Up, Time: time.Now().Add(-20 * time.Second)},
		{Status: health.Down, Reason: "connection refused", Time: time.Now().Add(-10 * time.Second), Duration: 5 * time.Second, Late: time.Second, Revision: 7},
	}
	w.silent = map[string]string{"node4": "gone", "node5": "old"}
	w.open = map[string][]notify.Open{"node2": {{
		Event: event, Key: "db", To: health.Down, Phase: notify.PhasePausing, Role: fsm.Follower, Attempt: 2, Limit: 10,
		Changed: time.Now().Add(-3 * time.Second), Until: time.Now().Add(4 * time.Second), Problem: "exit code 1, attempt 2 of 10",
	}}}
	w.apply(fsm.RecordOutcome{Outcome: fsm.Outcome{
		Event: event, Node: "node4", Role: fsm.Follower, Ending: fsm.GaveUp, Attempt: 1, ExitCode: 3, Output: "no such file", Time: birth,
	}})

	why := decoded[api.Why](t, w.get("/v1/why/db"))
	if why.Node != "node2" || why.Leader != "node1" || why.Index != w.index || why.Endpoint.State != health.Down {
		t.Errorf("got %+v", why)
	}
	if want := "2 of 5 observers say DOWN, 1 says UP, 2 count for neither; 3 are needed."; why.Said != want {
		t.Errorf("said %q, want %q", why.Said, want)
	}
	if want := "UP has 1 of the 3 votes that it needs: 2 more."; why.Needs != want {
		t.Errorf("needs %q, want %q", why.Needs, want)
	}
	if why.Decided == nil || why.Decided.ID != event || why.Decided.Tally.Down != 5 {
		t.Errorf("decided by %+v, want event %d", why.Decided, event)
	}
	if len(why.Nodes) != 5 {
		t.Fatalf("got %d nodes", len(why.Nodes))
	}
	one := why.Nodes[0]
	if one.Node != "node1" || one.Vote.Verdict != health.Down || one.Silent != "" || len(one.Samples) != 2 {
		t.Fatalf("node1 is %+v", one)
	}
	if s := one.Samples[1]; s.Status != health.Down || s.Reason != "connection refused" || time.Duration(s.Ago) < 10*time.Second ||
		time.Duration(s.Duration) != 5*time.Second || time.Duration(s.Late) != time.Second || s.Revision != 7 {
		t.Errorf("it saw last %+v", s)
	}
	if four := why.Nodes[3]; !strings.Contains(four.Silent, "can't be reached") || len(four.Samples) != 0 || four.Vote.Excluded == "" {
		t.Errorf("node4 is %+v", four)
	}
	if five := why.Nodes[4]; !strings.Contains(five.Silent, "404") {
		t.Errorf("node5 is %+v", five)
	}

	stages := map[string]api.Stage{}
	for _, n := range why.Notifications {
		stages[n.Node] = n.Stage
	}
	want := map[string]api.Stage{
		"node1": api.StageUnreported, "node2": api.StagePausing, "node3": api.StageUnreported, "node4": api.StageGaveUp, "node5": api.StageUnheard,
	}
	if fmt.Sprint(stages) != fmt.Sprint(want) {
		t.Errorf("the notifications are %v, want %v", stages, want)
	}
	if open := why.Notifications[1].Open; open == nil || open.Attempt != 2 || time.Duration(open.Next) < 3*time.Second || time.Duration(open.For) < 3*time.Second {
		t.Errorf("node2 is at %+v", open)
	}
	if o := why.Notifications[3].Outcome; o == nil || o.ExitCode != 3 || o.Output != "no such file" {
		t.Errorf("node4 ended with %+v", o)
	}
}

// TestWhy_OfWhatIsNotDecided has nothing to show, and says so.
func TestWhy_OfWhatIsNotDecided(t *testing.T) {
	w := newWorld(t)
	w.set("db", "v")
	w.leader = api.LeaderInfo{}
	why := decoded[api.Why](t, w.get("/v1/why/db"))
	if why.Decided != nil || len(why.Notifications) != 0 || why.Endpoint.State != health.Unknown {
		t.Errorf("got %+v", why)
	}
	if want := "UP has 0 of the 3 votes that it needs: 3 more. DOWN has 0 of the 3 votes that it needs: 3 more."; why.Needs != want {
		t.Errorf("needs %q, want %q", why.Needs, want)
	}
	if len(why.HeldBackBy) != 1 || why.HeldBackBy[0].Kind != api.HeldByNoLeader {
		t.Errorf("held back by %+v", why.HeldBackBy)
	}
	w.decide("db", health.Up)
	if why = decoded[api.Why](t, w.get("/v1/why/db")); why.Decided == nil || len(why.Notifications) != 0 {
		t.Errorf("nobody is told of a baseline, and got %+v", why.Notifications)
	}
	w.get("/v1/why/nothing").wantWord(t, 404, "nothing")
	w.get("/v1/why/a/b").wantWord(t, 404, "%2F")
}

// TestWhy_SaysThatTheCooldownHolds names what holds a change back, and for how
// long.
func TestWhy_SaysThatTheCooldownHolds(t *testing.T) {
	w := newWorld(t)
	w.set("db", "v")
	w.decide("db", health.Up)
	w.decide("db", health.Down)
	for _, node := range []string{"node1", "node2", "node3"} {
		w.vote(node, 0, map[string]health.Status{"db": health.Up})
	}
	why := decoded[api.Why](t, w.get("/v1/why/db"))
	if len(why.HeldBackBy) != 1 || why.HeldBackBy[0].Kind != api.HeldByCooldown || why.HeldBackBy[0].For <= 0 || why.Needs != "UP has its quorum, and waits." {
		t.Errorf("held back by %+v, needs %q", why.HeldBackBy, why.Needs)
	}
}

// TestWhy_WaitsForNobodyForLong holds that a node that stands still costs two
// seconds, however many there are, and that only so many ask at once.
func TestWhy_WaitsForNobodyForLong(t *testing.T) {
	w := newWorld(t)
	w.set("db", "v")
	w.silent = map[string]string{"node1": "hangs", "node3": "hangs", "node4": "hangs"}
	handler := w.handler()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		answers := make(chan answer, 40)
		for range cap(answers) {
			go func() { answers <- send(handler, "GET", "/v1/why/db", "") }()
		}
		busy := 0
		for range cap(answers) {
			if a := <-answers; a.status == 503 {
				a.wantWord(t, 503, `"busy"`, "ask another node")
				busy++
			} else if why := decoded[api.Why](t, a); why.Nodes[0].Silent != "it did not answer within 2s" || why.Nodes[4].Silent != "" {
				t.Errorf("got %+v", why.Nodes)
			}
		}
		if took := time.Since(began); took != 2*time.Second || busy != 8 {
			t.Errorf("%d were sent away, and all took %v", busy, took)
		}
	})
}

// Check implements api.Peer.
func (w *world) Check(ctx context.Context, key string) (api.SeenSample, error) {
	if w.checks == nil {
		return api.SeenSample{}, &fsm.Refusal{Code: fsm.NotFound, Message: "this node does not watch the endpoint"}
	}
	sample, err := w.checks(ctx, key)
	return peer.NewSeenSample(sample, time.Now()), err
}

func (o others) Check(ctx context.Context, address, key string) (peer.CheckAnswer, error) {
	asked, err := o.Account(ctx, address, key)
	if err != nil {
		return peer.CheckAnswer{}, err
	}
	sample, err := o.world.Check(ctx, key)
	return peer.CheckAnswer{Node: asked.Node, Sample: sample}, err
}
