package server

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
	"tocsin/health"
)

// maxCheckWait bounds how long the checks of one request are waited for.
const maxCheckWait = 45 * time.Second

func (s *server) checkOperation(to huma.API) {
	register(s, to, operation{
		method: http.MethodPost, path: "/v1/endpoints/{key}/check", id: "check-endpoint", tag: "endpoints",
		summary: "Check an endpoint now, on every node",
		text: "Each node starts its next check at once, or when the one that is under way is back, and says what came out. It is a check like any other: " +
			"it counts towards the verdict of the node, and the one after it comes after the usual time. A node that does not answer within twice the timeout of the check is shown as such.",
		answers: exampleChecked(), problems: []api.Code{api.CodeNotFound, api.CodeBusy},
	}, s.check)
}

type checkInput struct {
	Key string `path:"key" doc:"The key; a slash in it is written %2F" example:"web"`
}

type checkedOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.Checked
}

func (s *server) check(ctx context.Context, in *checkInput) (*checkedOutput, error) {
	view, e, err := s.find(ctx, &keyInput{Key: in.Key})
	if err != nil {
		return nil, err
	}
	// One check may be under way, and has its own timeout.
	wait := min(2*time.Duration(view.SettingsOf(e).Timeout)+api.AccountWait, maxCheckWait)
	self := func(ctx context.Context) (api.SeenSample, error) { return s.Peer.Check(ctx, e.Key) }
	other := func(ctx context.Context, o *fsm.Observer) (api.SeenSample, error) {
		answer, err := s.Peers.Check(ctx, o.HTTP, e.Key)
		return answer.Sample, cmp.Or(err, mistaken(o, answer.Node))
	}
	samples, err := gather(ctx, s, view, wait, self, other)
	if err != nil {
		return nil, err
	}
	return &checkedOutput{Index: view.Index(), Body: checkedOf(view, e.Key, samples)}, nil
}

// checkedOf counts the samples.
func checkedOf(view *fsm.View, key string, samples map[string]heard[api.SeenSample]) api.Checked {
	checked := api.Checked{Key: key, Nodes: []api.NodeCheck{}}
	for o := range view.Observers() {
		n := api.NodeCheck{Node: o.Node, Site: o.Site, Silent: samples[o.Node].silent}
		if n.Silent == "" {
			n.Sample = new(samples[o.Node].answer)
		}
		switch {
		case n.Sample != nil && n.Sample.Status == health.Up:
			checked.Tally.Up++
		case n.Sample != nil && n.Sample.Status == health.Down:
			checked.Tally.Down++
		default:
			checked.Tally.Unknown++
		}
		checked.Nodes = append(checked.Nodes, n)
	}
	return checked
}

func (s *server) peerCheck(c *gin.Context, _ url.Values) error {
	asked, err := readAsked[peer.CheckRequest](c, "request")
	if err != nil {
		return err
	}
	if err := checkedKey(asked.Key); err != nil {
		return err
	}
	// The node that asks ends the wait, and sooner than this.
	ctx, cancel := context.WithTimeout(c.Request.Context(), maxCheckWait)
	defer cancel()
	sample, err := s.Peer.Check(ctx, asked.Key)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, jsonType, peer.CheckAnswer{Node: s.State.Self().Node, Sample: sample})
	return nil
}
