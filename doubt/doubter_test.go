package doubt_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/doubt"
	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/verify"
)

// newCluster has five observers, n1 to n5.
func newCluster(t *testing.T) *fsm.Machine {
	t.Helper()
	m := fsm.NewMachine()
	commands := []fsm.Command{fsm.Found{ClusterID: "test", Settings: fsm.DefaultClusterSettings()}}
	for _, n := range []string{"n1", "n2", "n3", "n4", "n5"} {
		commands = append(commands, fsm.RegisterObserver{Node: n, Incarnation: "i" + n})
	}
	for i, c := range commands {
		entry, err := fsm.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		m.Apply(&raft.Log{Index: uint64(i + 1), Term: 1, Data: entry})
	}
	return m
}

// checks is a Verifier that a test plays.
type checks struct {
	mu       sync.Mutex
	progress verify.Progress
	renewals uint64
}

func (c *checks) Progress() verify.Progress {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.progress
}

func (c *checks) Renew() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.renewals++
	return c.renewals
}

func (c *checks) set(p verify.Progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.progress = p
}

// world is a Doubter of n1 with everything around it.
type world struct {
	*doubt.Doubter
	t       *testing.T
	clock   clock
	network *network
	checks  *checks
	ballots *gossipdb.DB
	log     bytes.Buffer
	others  []string // that are heard
	spoken  uint64
}

func inWorld(t *testing.T, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			t: t, network: &network{}, checks: &checks{}, ballots: gossipdb.New("n1"),
			others: []string{"n2", "n3", "n4", "n5"},
		}
		machine := newCluster(t)
		w.ballots.Open(2)
		w.ballots.Cast(6, []gossipdb.Vote{{Slot: 1, Verdict: health.Up}})
		w.Doubter = doubt.New(doubt.Config{
			Node: "n1", Machine: machine, Ballots: w.ballots, Checks: w.checks, Pulse: doubt.NewPulse(w.clock.read),
			Canaries: doubt.NewCanaries([]string{"a:1"}, w.network, "n1", "", machine),
			Logger:   slog.New(slog.NewTextHandler(&w.log, nil)),
		})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := w.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		w.pass(time.Minute)
		w.want("well", "")
		test(w)
		cancel()
		running.Wait()
	})
}

// pass lets time pass in which the others are heard.
func (w *world) pass(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(min(time.Second, time.Until(end))) {
		w.spoken++
		for i, n := range w.others {
			w.ballots.Receive(&gossipdb.Ballot{Node: n, Epoch: uint64(i + 3), Sequence: w.spoken}, 0)
		}
	}
	synctest.Wait()
}

// want compares the reason, and what the ballot says.
func (w *world) want(when, reason string) {
	w.t.Helper()
	h, _ := w.ballots.Table().Get("n1", 0)
	if w.Reason() != reason || h.Ballot.Abstains != reason {
		w.t.Errorf("%s: the reason is %q and the ballot says %q, want %q", when, w.Reason(), h.Ballot.Abstains, reason)
	}
	if votes := h.Ballot.Verdict(1) == health.Up; votes != (reason == "") {
		w.t.Errorf("%s: it votes: %v", when, votes)
	}
}

// wantLog compares how often the log tells of a beginning and of an end.
func (w *world) wantLog(abstentions int) {
	w.t.Helper()
	begun, ended := strings.Count(w.log.String(), "this node abstains"), strings.Count(w.log.String(), "votes again")
	if begun != abstentions || ended != abstentions {
		w.t.Errorf("the log tells of %d beginnings and %d ends, want %d of each:\n%s", begun, ended, abstentions, &w.log)
	}
}

func TestDoubter_Canary(t *testing.T) {
	inWorld(t, func(w *world) {
		w.network.cut("a:1")
		w.pass(15 * time.Second)
		w.want("the canary is silent", "its canary does not answer")
		w.pass(time.Hour)
		w.want("for long", "its canary does not answer")
		w.network.cut()
		w.pass(15 * time.Second)
		w.want("the canary answers", "")
		w.wantLog(1)
	})
}

func TestDoubter_CutOff(t *testing.T) {
	inWorld(t, func(w *world) {
		w.others = w.others[:2]
		w.pass(time.Hour)
		w.want("three of five, this one included", "")
		w.others = w.others[:1]
		w.pass(30 * time.Second)
		w.want("two of five", "cut off: hears fewer than 3 of 5 nodes")
		w.others = []string{"n2", "n3"}
		w.pass(10 * time.Second)
		w.want("three of five again", "")
		w.wantLog(1)
	})
}

func TestDoubter_LateChecks(t *testing.T) {
	inWorld(t, func(w *world) {
		w.checks.set(verify.Progress{Lateness: time.Minute})
		w.pass(3 * time.Second)
		w.want("a minute late", "its checks are more than 30s late")
		w.checks.set(verify.Progress{Lateness: time.Second})
		w.pass(12 * time.Second)
		w.want("on time", "")
		w.wantLog(1)
	})
}

func TestDoubter_Standstill(t *testing.T) {
	inWorld(t, func(w *world) {
		h, _ := w.ballots.Table().Get("n2", 0)
		if w.Unsure() || !w.Awake().IsZero() {
			t.Errorf("before: unsure %v, awake since %v", w.Unsure(), w.Awake())
		}
		w.checks.set(verify.Progress{Open: 3}) // nobody has heeded the renewal yet
		w.clock.move(0, time.Hour)
		// Whoever asks first finds out, and the ballot says it at once.
		if !w.Unsure() {
			t.Error("what comes now may have lain unread, and it is sure")
		}
		const reason = "stood still for 1h0m0s, checks all anew"
		w.want("right after", reason)
		if awake := w.Awake(); !awake.Equal(time.Now()) {
			t.Errorf("awake since %v, want now", awake)
		}
		if aged, _ := w.ballots.Table().Get("n2", 0); h.MadeAt.Sub(aged.MadeAt) < time.Hour {
			t.Errorf("the ballots of before are %v older, want an hour: the clock missed it", h.MadeAt.Sub(aged.MadeAt))
		}
		w.pass(2 * time.Second)
		if w.Unsure() {
			t.Error("long after, what comes is said to have lain unread")
		}
		w.want("not checked anew yet", reason)
		w.checks.set(verify.Progress{Open: 3, Renewals: 1})
		w.pass(5 * time.Second)
		w.want("three endpoints are open", reason)
		w.checks.set(verify.Progress{Renewals: 1})
		w.pass(time.Second)
		w.want("all have a verdict", "")
		w.wantLog(1)
	})
}
