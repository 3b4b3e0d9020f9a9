package api

import (
	"context"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/fsm"
	"tocsin/keyring"
)

// Premises is what a node finds where it stands.
type Premises interface {
	// Room returns how many bytes can still be written where the data are, false
	// if that can't be told, and whether that is little.
	Room() (bytes uint64, known, little bool)
	// Canaries returns how many there are, and whether none of them answers.
	Canaries() (count int, silent bool)
}

// NodeReport is the answer of GET /v1/node: what one node alone knows of itself.
type NodeReport struct {
	Node     string `json:"node"`
	Site     string `json:"site,omitempty"`
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// Time is what the clock of the machine says; nothing is decided by it
	// but when, on the leader, pauses and maintenance windows begin and end.
	Time    time.Time    `json:"time"`
	Running fsm.Duration `json:"running"`
	// RoomBytes is what can still be written where the data are, absent if that
	// can't be told.
	RoomBytes  *uint64 `json:"room_bytes,omitempty"`
	LittleRoom bool    `json:"little_room"`
	// Canaries is how many addresses this node doubts itself by.
	Canaries       int  `json:"canaries"`
	CanariesSilent bool `json:"canaries_silent"`
	// Scripts are those that the settings and the endpoints name, in the order of
	// their names.
	Scripts []ScriptReport `json:"scripts"`
	// GossipKeys are the fingerprints of its gossip keys, the one that it sends by
	// first; none if its gossip is not encrypted.
	GossipKeys []keyring.Fingerprint `json:"gossip_keys"`
	// GossipKeyFile is what the file of these keys says, absent where that is the
	// same.
	GossipKeyFile *keyring.Stray `json:"gossip_key_file,omitempty"`
	// Ready and Problems are what it answers at /readyz.
	Ready    bool     `json:"ready"`
	Problems []string `json:"problems"`
}

// ScriptReport is one script, as one node finds it.
type ScriptReport struct {
	Name string `json:"name"`
	// Endpoints is how many name it, or have it by the settings of the cluster.
	Endpoints int `json:"endpoints"`
	// Problem says why it can't be run there, and what to do.
	Problem string `json:"problem,omitempty"`
}

func (s *server) reportOperation(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: "/v1/node", id: "get-node", tag: "node",
		summary: "What this node knows of itself",
		text:    "Its build, its clock, whether it does its duty, the room on its disk, its canaries, and whether it has the scripts that the endpoints name. \"tocsin doctor\" asks every node for it.",
		answers: exampleReport(),
	}, s.report)
}

type reportOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  NodeReport
}

func (s *server) report(context.Context, *struct{}) (*reportOutput, error) {
	view, self := s.State.View(), s.State.Self()
	r := NodeReport{
		Node: self.Node, Site: self.Site, Version: self.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Time: time.Now(), Running: fsm.Duration(time.Since(self.Started).Truncate(time.Second)),
		Scripts: s.scriptsOf(view),
	}
	ready := s.Health.Readiness()
	r.Ready, r.Problems = ready.Ready, append([]string{}, ready.Problems...)
	bytes, known, little := s.Premises.Room()
	if known {
		r.RoomBytes, r.LittleRoom = &bytes, little
	}
	r.Canaries, r.CanariesSilent = s.Premises.Canaries()
	held := s.Peer.GossipKeys()
	r.GossipKeys, r.GossipKeyFile = held.Keys, held.File
	return &reportOutput{view.Index(), r}, nil
}

// scriptsOf looks for the scripts that view needs.
func (s *server) scriptsOf(view *fsm.View) []ScriptReport {
	uses := map[string]int{}
	note := func(settings fsm.Settings, times int) {
		uses[settings.Notify] += times
		if settings.Check.RunsScript() {
			uses[settings.Verify] += times
		}
	}
	note(view.Settings().Settings, 0)
	for e := range view.Endpoints("") {
		note(view.SettingsOf(e), 1)
	}
	all := make([]ScriptReport, 0, len(uses))
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		one := ScriptReport{Name: name, Endpoints: uses[name]}
		if _, err := s.Scripts.Resolve(name); err != nil {
			one.Problem = oneLine(err.Error())
		}
		all = append(all, one)
	}
	return all
}

func exampleReport() NodeReport {
	return NodeReport{
		Node: "node1", Site: "paris", Version: "1.0.0", Go: "go1.26.0", Platform: "linux/amd64", Time: exampleTime(), Running: fsm.Duration(time.Hour),
		RoomBytes: new(uint64(42 << 30)), Canaries: 1, Scripts: []ScriptReport{
			{Name: "notify.sh", Endpoints: 12}, {Name: "verify.sh", Endpoints: 3, Problem: "script /etc/tocsin/scripts/verify.sh is not executable: chmod +x it"},
		},
		GossipKeys: []keyring.Fingerprint{exampleFingerprint}, Ready: true, Problems: []string{},
	}
}
