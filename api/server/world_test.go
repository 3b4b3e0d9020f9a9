package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/api/server"
	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/logring"
	"tocsin/notify"
	"tocsin/quorum"
	"tocsin/verify"
)

// world is a cluster of five as one node sees it: a real state machine and real
// ballots, and everything around them told what to say.
type world struct {
	t        testing.TB
	machine  *fsm.Machine
	table    *gossipdb.Table
	samples  map[string][]verify.Sample
	ready    api.Readiness
	started  time.Time
	servers  []api.Server
	members  []gossipdb.Member
	leader   api.LeaderInfo
	blind    quorum.Blindness
	warned   []api.Warning
	original server.OriginalMode
	loopback bool
	logger   *slog.Logger   // nil discards
	process  server.Process // nil: it was told nothing
	log      *logring.Ring
	// profiling shows profiles; room is on the disk, nil if nobody knows.
	profiling bool
	room      *uint64
	// silent says why a node can't be asked what it alone knows, open which
	// notifications it has not ended.
	silent map[string]string
	// mistaken are the nodes that answer where others should.
	mistaken map[string]string
	open     map[string][]notify.Open
	// checks is the check that is asked for; nil if the endpoint is not watched.
	checks   func(ctx context.Context, key string) (verify.Sample, error)
	stopping <-chan struct{} // nil is never
	serves   http.Handler    // made when it is first asked for
	// registered is answered to Register.
	registered func(peer.Registration) (peer.Welcome, error)

	mu     sync.Mutex // guards what follows, and the applying
	rings  rings
	index  uint64
	writes int
	asked  []string // what was asked of the membership
	// caughtUp is what reads asked for, behind what they are answered.
	caughtUp []bool
	behind   error
	blank    bool
	// Errors to answer with; nil for success.
	proposeErr, membershipErr error
}

const (
	term        = 3
	clusterName = "c1"
)

var birth = time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)

// newWorld returns a founded cluster with the observers node1 to node5 at two
// sites, and no endpoints.
func newWorld(t testing.TB) *world { return newWorldOf(t, clusterName) }

// newWorldOf is newWorld for a cluster with another id.
func newWorldOf(t testing.TB, cluster string) *world {
	w := &world{
		t: t, machine: fsm.NewMachine(), table: new(gossipdb.Table), samples: map[string][]verify.Sample{},
		leader:  api.LeaderInfo{Node: "node1", Raft: "127.0.0.1:7001", HTTP: "127.0.0.1:6001"},
		ready:   api.Readiness{Ready: true, Node: "node2", Leader: "node1"},
		started: time.Now(),
	}
	w.apply(fsm.Found{ClusterID: cluster, Settings: fsm.DefaultClusterSettings()})
	for i := 1; i <= 5; i++ {
		name := fmt.Sprintf("node%d", i)
		address := func(base int) string { return fmt.Sprintf("127.0.0.1:%d", base+i) }
		w.apply(fsm.RegisterObserver{
			Node: name, Site: []string{"paris", "lyon"}[i%2], Incarnation: "i" + name,
			Raft: address(7000), Gossip: address(8000), HTTP: address(6000), Version: "1.0",
		})
		w.servers = append(w.servers, api.Server{Node: name, Address: address(7000), Voter: true})
		w.members = append(w.members, gossipdb.Member{Name: name, Address: address(8000), Alive: true})
	}
	return w
}

// again makes of w a new world that is served by the same handler. To make one
// takes milliseconds, which is too long for a fuzzer.
func (w *world) again(t testing.TB) {
	fresh := newWorld(t)
	w.t, w.machine, w.index, w.writes, w.asked = t, fresh.machine, fresh.index, 0, nil
}

func (w *world) handler() http.Handler {
	if w.serves == nil {
		w.serves = w.newHandler()
	}
	return w.serves
}

func (w *world) newHandler() http.Handler { return server.New(w.config()) }

func (w *world) config() server.Config {
	return server.Config{
		State: w, Writer: w, Samples: w, Scripts: w, Membership: w, Health: w, Peer: w, Peers: others{w}, Freshness: w, Premises: w, Original: w.original, Process: w.process, Log: w.log, Profiling: func() bool { return w.profiling },
		Loopback: w.loopback, Logger: w.logger, Stopping: w.stopping,
	}
}

// apply commits one entry.
func (w *world) apply(commands ...fsm.Command) []fsm.Result {
	w.t.Helper()
	packed, err := fsm.Encode(commands...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.index++
	results, ok := w.machine.Apply(&raft.Log{Index: w.index, Term: term, Data: packed}).([]fsm.Result)
	if !ok {
		w.t.Fatalf("entry %d was not applied: %v", w.index, w.machine.Err())
	}
	return results
}

func (w *world) set(key, value string) { w.apply(fsm.SetEndpoint{Key: key, Value: value}) }

func (w *world) remove(key string) { w.apply(fsm.DeleteEndpoint{Key: key}) }

// changeSettings changes some setting that holds for all.
func (w *world) changeSettings() {
	settings := w.View().Settings()
	settings.Fall++
	w.apply(fsm.ChangeSettings{Settings: settings})
}

// register is the command by which a node registers.
func register(node string) fsm.Command {
	return fsm.RegisterObserver{Node: node, Incarnation: "i", Raft: "127.0.0.1:7", Gossip: "127.0.0.1:8", HTTP: "127.0.0.1:6"}
}

// vote lets a node say something about endpoints, so long ago.
func (w *world) vote(node string, age time.Duration, verdicts map[string]health.Status) {
	w.t.Helper()
	o, ok := w.View().Observer(node)
	if !ok {
		w.t.Fatalf("no observer %s", node)
	}
	var votes []gossipdb.Vote
	for key, verdict := range verdicts {
		e, ok := w.View().Endpoint(key)
		if !ok {
			w.t.Fatalf("no endpoint %s", key)
		}
		votes = append(votes, gossipdb.Vote{Slot: e.Slot, Verdict: verdict, Reason: "because"})
	}
	db := gossipdb.New(node)
	db.Open(o.Epoch)
	db.Cast(w.View().Index(), votes)
	held, ok := db.Table().Get(node, 0)
	if !ok {
		w.t.Fatalf("node %s made no ballot", node)
	}
	w.table, _, _ = w.table.Merge(held.Ballot, time.Now().Add(-age))
}

// abstain lets a node say that it doubts itself, so long ago.
func (w *world) abstain(node string, age time.Duration, why string) {
	w.t.Helper()
	o, ok := w.View().Observer(node)
	if !ok {
		w.t.Fatalf("no observer %s", node)
	}
	w.table, _, _ = w.table.Merge(&gossipdb.Ballot{
		Node: node, Epoch: o.Epoch, Sequence: 1, Index: w.View().Index(), Abstains: why,
	}, time.Now().Add(-age))
}

// decide commits a change of state, on the votes of all five.
func (w *world) decide(key string, to health.Status) uint64 {
	w.t.Helper()
	e, ok := w.View().Endpoint(key)
	if !ok {
		w.t.Fatalf("no endpoint %s", key)
	}
	var votes []fsm.Vote
	for o := range w.View().Observers() {
		votes = append(votes, fsm.Vote{Node: o.Node, Site: o.Site, Verdict: to, Age: fsm.Duration(time.Second)})
	}
	results := w.apply(fsm.Transition{
		Key: key, Basis: w.View().Basis(e), To: to,
		Term: term, Time: birth.Add(time.Duration(w.index) * time.Second), Leader: "node1", Quorum: 3, Votes: votes,
	})
	if results[0].Refused != nil {
		w.t.Fatal(results[0].Refused)
	}
	return results[0].Index
}

func (w *world) View() *fsm.View          { return w.machine.View() }
func (w *world) Ballots() *gossipdb.Table { return w.table }
func (w *world) Self() api.Self           { return api.Self{Node: "node2", Site: "paris", Started: w.started} }

func (w *world) Propose(_ context.Context, commands ...fsm.Command) ([]fsm.Result, error) {
	w.mu.Lock()
	w.writes++
	err := w.proposeErr
	w.mu.Unlock()
	if err != nil {
		return nil, err
	}
	for i, c := range commands {
		if f, is := c.(fsm.ForceState); is { // the leader stamps it
			f.Leader, f.Time = w.leader.Node, birth
			c, commands[i] = f, f
		}
		if refused := fsm.Validate(w.View(), c); refused != nil {
			return []fsm.Result{{Refused: refused}}, nil
		}
	}
	return w.apply(commands...), nil
}

func (w *world) Samples(key string) []verify.Sample { return w.samples[key] }

func (w *world) Resolve(name string) (string, error) {
	if name == "verify.sh" || name == "notify.sh" {
		return "/scripts/" + name, nil
	}
	return "", fmt.Errorf("there is no script %s in /scripts: put it there", name)
}

func (w *world) Leader() (api.LeaderInfo, bool) { return w.leader, w.leader.Node != "" }

func (w *world) Warnings() []api.Warning                     { return w.warned }
func (w *world) Blind() quorum.Blindness                     { return w.blind }
func (w *world) RaftServers() ([]api.Server, error)          { return w.servers, w.membershipErr }
func (w *world) GossipMembers() []gossipdb.Member            { return w.members }
func (w *world) JoinRaft(_ context.Context, a string) error  { return w.ask("join " + a) }
func (w *world) LeaveRaft(_ context.Context, a string) error { return w.ask("leave " + a) }
func (w *world) RaftProgress() api.RaftProgress {
	return api.RaftProgress{State: "follower", Term: term, CommitIndex: w.index, AppliedIndex: w.index, LastIndex: w.index, LastContact: new(fsm.Duration(time.Millisecond))}
}

func (w *world) RemoveMember(_ context.Context, node string, force bool) error {
	return w.ask(fmt.Sprintf("remove %s %v", node, force))
}

func (w *world) TransferLeadership(_ context.Context, to string) (api.LeaderInfo, error) {
	return api.LeaderInfo{Node: "node3"}, w.ask("transfer " + to)
}

func (w *world) TransferAsLeader(_ context.Context, to string) error {
	return w.ask("transfer here " + to)
}

func (w *world) GossipLeave() error { return w.ask("gossipleave") }
func (w *world) GossipJoin(all []string) (int, error) {
	if err := w.ask("gossipjoin " + strings.Join(all, " ")); err != nil {
		return 0, err
	}
	if all[0] == "127.0.0.1:1" {
		return 0, nil
	}
	return len(all), nil
}

func (w *world) ask(what string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, what)
	return w.membershipErr
}

func (w *world) Blank() bool { return w.blank }

func (w *world) CatchUp(_ context.Context, verified bool) error {
	w.caughtUp = append(w.caughtUp, verified)
	return w.behind
}

func (w *world) Room() (bytes uint64, known, little bool) {
	if w.room == nil {
		return 0, false, false
	}
	return *w.room, true, *w.room < 1<<20
}

func (w *world) Canaries() (count int, silent bool) { return 2, true }

func (w *world) Readiness() api.Readiness { return w.ready }

func (w *world) Introduce(peer.Introduction) peer.Introduction {
	return peer.Introduction{Node: "node2", ClusterID: clusterName}
}

func (w *world) Register(_ context.Context, r peer.Registration) (peer.Welcome, error) {
	return w.registered(r)
}

func (w *world) ProposeAsLeader(ctx context.Context, cluster string, entry []byte) ([]fsm.Result, error) {
	if cluster != "" && cluster != clusterName {
		return nil, api.ErrNotLeader{}
	}
	commands, err := fsm.Decode(entry)
	if err != nil {
		return nil, &fsm.Refusal{Code: fsm.Invalid, Message: err.Error()}
	}
	return w.Propose(ctx, commands...)
}

func (w *world) IndexAsLeader(_ context.Context, verified bool) (uint64, error) {
	w.caughtUp = append(w.caughtUp, verified)
	return w.View().Index(), w.behind
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// request sends one request to a fresh handler. A header is like "Name: value".
func (w *world) request(method, target, body string, header ...string) answer {
	w.t.Helper()
	a := send(w.handler(), method, target, body, header...)
	theDocument().conforms(w.t, method, target, a)
	return a
}

// register and proposeEntry send a body as other nodes do.
func (w *world) register(body string) answer {
	w.t.Helper()
	return w.request(http.MethodPost, "/v1/peer/register", body, "Content-Type: application/json")
}

func (w *world) proposeEntry(body string) answer {
	w.t.Helper()
	return w.request(http.MethodPost, "/v1/peer/propose", body, "Content-Type: application/octet-stream")
}

func (w *world) get(target string) answer { return w.request(http.MethodGet, target, "") }

func send(h http.Handler, method, target, body string, header ...string) answer {
	var content io.Reader = http.NoBody
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, target, content)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "Host":
			r.Host = value
			continue
		case "From-Address": // it is the same for all, else
			r.RemoteAddr = net.JoinHostPort(value, "1")
			continue
		}
		r.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	return answer{recorder.Code, recorder.Header(), recorder.Body.String()}
}

// want fails unless the answer has this status and body.
func (a answer) want(t testing.TB, status int, body string) {
	t.Helper()
	if a.status != status || a.body != body {
		t.Errorf("got %d %q, want %d %q", a.status, a.body, status, body)
	}
}

// wantWord fails unless the answer has this status and its text these words.
func (a answer) wantWord(t testing.TB, status int, words ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("got status %d (%q), want %d", a.status, a.body, status)
	}
	for _, word := range words {
		if !strings.Contains(a.body, word) {
			t.Errorf("the answer %q does not say %q", a.body, word)
		}
	}
}

// decoded returns the body of a success, which may have no field that the
// exported struct does not have.
func decoded[T any](t testing.TB, a answer) T {
	t.Helper()
	var into T
	if a.status != http.StatusOK {
		t.Fatalf("got status %d: %s", a.status, a.body)
	}
	d := json.NewDecoder(strings.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&into); err != nil {
		t.Fatalf("decode %s: %v", a.body, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		t.Fatalf("there is something behind the JSON: %s", a.body)
	}
	return into
}
