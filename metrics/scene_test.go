package metrics_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/api"
	"tocsin/consensus"
	"tocsin/doubt"
	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/metrics"
	"tocsin/notify"
)

// stage is a Source that shows what it is told: a real state machine and real
// ballots, and everything else as it stands in scene.
type stage struct {
	t       testing.TB
	scene   metrics.Scene
	machine *fsm.Machine
	index   uint64
}

// newStage is a cluster of observers, each at the site of that number, all of
// which vote.
func newStage(t testing.TB, sites ...int) *stage {
	s := &stage{t: t, machine: fsm.NewMachine(), scene: metrics.Scene{
		Now: time.Now(), Self: api.Self{Node: "n1", Site: "s1", Version: "1.2.3"}, Ballots: &gossipdb.Table{},
	}}
	s.apply(fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	for i, site := range sites {
		name := fmt.Sprintf("n%d", i+1)
		s.apply(fsm.RegisterObserver{
			Node: name, Site: fmt.Sprintf("s%d", site), Incarnation: name, Version: "1",
			Raft: "h:1", Gossip: "h:2", HTTP: "h:3",
		})
		s.scene.Raft.Voters = append(s.scene.Raft.Voters, name)
		s.ballot(name, 0, "")
	}
	return s
}

// Scene implements metrics.Source.
func (s *stage) Scene() metrics.Scene {
	scene := s.scene
	scene.View = s.machine.View()
	return scene
}

func (s *stage) apply(c fsm.Command) {
	s.t.Helper()
	packed, err := fsm.Encode(c)
	if err != nil {
		s.t.Fatal(err)
	}
	s.index++
	s.machine.Apply(&raft.Log{Index: s.index, Term: 1, Data: packed})
	if err := s.machine.Err(); err != nil {
		s.t.Fatal(err)
	}
}

// ballot puts one in the table that is so old. Each is newer than those before.
func (s *stage) ballot(node string, age time.Duration, abstains string) {
	s.t.Helper()
	o, ok := s.machine.View().Observer(node)
	if !ok {
		s.t.Fatalf("no observer %s", node)
	}
	s.index++
	s.scene.Ballots, _, _ = s.scene.Ballots.Merge(&gossipdb.Ballot{
		Node: node, Epoch: o.Epoch, Sequence: s.index, Index: o.Epoch, Abstains: abstains,
	}, s.scene.Now.Add(-age))
}

func (s *stage) page(endpoints bool) string {
	s.t.Helper()
	recorder := httptest.NewRecorder()
	metrics.New(metrics.Config{Source: s, Endpoints: endpoints}).Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if recorder.Code != http.StatusOK {
		s.t.Fatalf("answered %d: %s", recorder.Code, recorder.Body)
	}
	return recorder.Body.String()
}

// shows asks for a line of the page.
func (s *stage) shows(series string, want any) {
	s.t.Helper()
	page := s.page(false)
	if !strings.Contains(page, fmt.Sprintf("\n%s %v\n", series, want)) {
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, series+" ") {
				s.t.Errorf("the page says %q, want %v", strings.TrimSpace(line), want)
				return
			}
		}
		s.t.Errorf("%s is not on the page, want %v", series, want)
	}
}

func (s *stage) hides(name string) {
	s.t.Helper()
	if strings.Contains(s.page(false), "\n"+name) {
		s.t.Errorf("%s is on the page", name)
	}
}

func TestSpares_CountWhoIsHeardAndVotes(t *testing.T) {
	s := newStage(t, 1, 1, 2, 2, 3)
	spare := func(observers, sites, voters int) {
		t.Helper()
		s.shows("tocsin_cluster_quorum", 3)
		s.shows("tocsin_cluster_spare_observers", observers)
		s.shows("tocsin_cluster_spare_sites", sites)
		s.shows("tocsin_raft_spare_voters", voters)
	}
	spare(2, 1, 2)
	s.ballot("n5", 0, "its canary does not answer")
	spare(1, 0, 2) // it does not vote on endpoints, and does in raft
	s.ballot("n4", time.Hour, "")
	spare(0, 0, 1)
	s.ballot("n3", time.Hour, "")
	spare(-1, -1, 0)
	s.shows(`tocsin_cluster_observers{standing="voting"}`, 2)
	s.shows(`tocsin_cluster_observers{standing="abstaining"}`, 1)
	s.shows(`tocsin_cluster_observers{standing="stale"}`, 2)
}

func TestOldestBallot_IsOfOthersThatAreHeard(t *testing.T) {
	s := newStage(t, 1, 1, 1)
	s.ballot("n1", 4*time.Second, "") // its own
	s.ballot("n2", 3*time.Second, "")
	s.ballot("n3", time.Hour, "")
	s.shows("tocsin_cluster_oldest_ballot_seconds", 3)
	s.ballot("n2", time.Hour, "")
	s.hides("tocsin_cluster_oldest_ballot_seconds")
}

func TestScene_OfANodeThatKnowsNothingYet(t *testing.T) {
	s := &stage{t: t, machine: fsm.NewMachine(), scene: metrics.Scene{Raft: consensus.Status{Silence: -1}}}
	s.shows("tocsin_node_ready", 0)
	s.shows("tocsin_raft_has_leader", 0)
	for _, name := range []string{
		"tocsin_raft_last_contact_seconds", "tocsin_disk_free_bytes", "tocsin_notify_waiting", "tocsin_notify_oldest_seconds", "tocsin_check_last_timestamp_seconds",
	} {
		s.hides(name)
	}
}

func TestScene_IsShownAsItIs(t *testing.T) {
	s := newStage(t, 1, 1, 2)
	s.scene.Ready.Notifications = &notify.Status{Waiting: 3, Stuck: "the ledger", Oldest: s.scene.Now.Add(-2 * time.Minute)}
	s.scene.Warnings = []api.Warning{{Code: api.WarnSilent, Node: "a"}, {Code: api.WarnSilent, Node: "b"}}
	s.scene.Doubt = doubt.Status{Cause: doubt.CutOff, Abstentions: 4, Standstills: 1}
	s.scene.Gossip.SendsFailed = 7
	s.shows(`tocsin_node_info{cluster="c",node="n1",site="s1"}`, 1)
	s.shows("tocsin_notify_waiting", 3)
	s.shows("tocsin_notify_stuck", 1)
	s.shows("tocsin_notify_oldest_seconds", 120)
	s.shows(`tocsin_node_warnings{code="silent"}`, 2)
	s.shows(`tocsin_node_warnings{code="few-voters"}`, 0)
	s.shows(`tocsin_doubt_abstains{reason="cut-off"}`, 1)
	s.shows(`tocsin_doubt_abstains{reason="late"}`, 0)
	s.shows("tocsin_doubt_abstentions_total", 4)
	s.shows(`tocsin_gossip_sends_total{result="failed"}`, 7)
	s.shows("tocsin_cluster_versions", 1)
	s.apply(fsm.RegisterObserver{Node: "n3", Incarnation: "again", Version: "2", Raft: "h:1", Gossip: "h:2", HTTP: "h:3"})
	s.shows("tocsin_cluster_versions", 2)
	// A ballot of the process before is worth nothing.
	s.shows(`tocsin_cluster_observers{standing="stale"}`, 1)
}

// TestEndpoints_AreShownOneByOneOnlyIfAsked, and no more than so many.
func TestEndpoints_AreShownOneByOneOnlyIfAsked(t *testing.T) {
	s := newStage(t, 1)
	var set fsm.DeclareEndpoints
	for i := range metrics.MaxEndpoints + 2 {
		set.Endpoints = append(set.Endpoints, fsm.Declared{Key: fmt.Sprintf("k%04d", i), Value: "v"})
	}
	s.apply(set)
	for _, key := range []string{"k0000", fmt.Sprintf("k%04d", metrics.MaxEndpoints)} {
		e, ok := s.machine.View().Endpoint(key)
		if !ok {
			t.Fatalf("no endpoint %s", key)
		}
		s.apply(fsm.Transition{
			Key: key, Basis: s.machine.View().Basis(e), To: health.Down, Term: 1, Time: time.Now(), Leader: "n1",
			Quorum: 1, Votes: []fsm.Vote{{Node: "n1", Site: "s1", Verdict: health.Down}},
		})
	}
	s.shows(`tocsin_cluster_endpoints{state="DOWN"}`, 2)
	s.shows(`tocsin_cluster_endpoints{state="UNKNOWN"}`, metrics.MaxEndpoints)
	s.hides("tocsin_endpoint_")
	page := s.page(true)
	if n := strings.Count(page, "\ntocsin_endpoint_up{"); n != 1 || !strings.Contains(page, "\ntocsin_endpoint_up{key=\"k0000\"} 0\n") {
		t.Errorf("%d endpoints are shown, want k0000 alone: k1000 is one too many, and the others are UNKNOWN", n)
	}
	if !strings.Contains(page, "\ntocsin_endpoint_omitted 2\n") {
		t.Error("it is not said that two are left out")
	}
}

// BenchmarkScrape is one answer of a node with 10,000 endpoints.
func BenchmarkScrape(b *testing.B) {
	s := newStage(b, 1, 2, 3)
	var set fsm.DeclareEndpoints
	for i := range 10_000 {
		set.Endpoints = append(set.Endpoints, fsm.Declared{Key: fmt.Sprintf("k%05d", i), Value: "v"})
		if len(set.Endpoints) == 1000 {
			s.apply(set)
			set.Endpoints = nil
		}
	}
	handler := metrics.New(metrics.Config{Source: s}).Handler()
	for b.Loop() {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
	}
}
