package server

import (
	"context"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/api"
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

func (s *server) reportOperation(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: "/v1/node", id: "get-node", tag: "node",
		summary: "What this node knows of itself",
		text:    "Its build, its clock, whether it does its duty, the room on its disk, its canaries, what it warns of for itself, and whether it has the scripts that the endpoints name. \"tocsin doctor\" asks every node for it.",
		answers: exampleReport(),
	}, s.report)
}

type reportOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.NodeReport
}

func (s *server) report(context.Context, *struct{}) (*reportOutput, error) {
	view, self := s.State.View(), s.State.Self()
	r := api.NodeReport{
		Node: self.Node, Site: self.Site, Version: self.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Time: time.Now(), Running: fsm.Duration(time.Since(self.Started).Truncate(time.Second)),
		Scripts: s.scriptsOf(view),
	}
	ready := s.Health.Readiness()
	r.Ready, r.Problems = ready.Ready, append([]string{}, ready.Problems...)
	r.Concerns = ready.Concerns
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
func (s *server) scriptsOf(view *fsm.View) []api.ScriptReport {
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
	all := make([]api.ScriptReport, 0, len(uses))
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		one := api.ScriptReport{Name: name, Endpoints: uses[name]}
		if _, err := s.Scripts.Resolve(name); err != nil {
			one.Problem = api.OneLine(err.Error())
		}
		all = append(all, one)
	}
	return all
}

func exampleReport() api.NodeReport {
	return api.NodeReport{
		Node: "node1", Site: "paris", Version: "1.0.0", Go: "go1.26.0", Platform: "linux/amd64", Time: exampleTime(), Running: fsm.Duration(time.Hour),
		RoomBytes: new(uint64(42 << 30)), Canaries: 1, Scripts: []api.ScriptReport{
			{Name: "notify.sh", Endpoints: 12}, {Name: "verify.sh", Endpoints: 3, Problem: "script /etc/tocsin/scripts/verify.sh is not executable: chmod +x it"},
		},
		GossipKeys: []keyring.Fingerprint{exampleFingerprint}, Ready: true, Problems: []string{},
		Concerns: []api.Concern{{Subject: api.ConcernCertificates, Text: "the certificate of node node1 expires on 2026-12-24", Remedy: "renew it"}},
	}
}
