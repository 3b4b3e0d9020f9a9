package server

import (
	"math"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/quorum"
)

// The original's paths for data. Their answers keep its names and shapes; only
// its errors, which came as 200, are errors here.

func (s *server) originalSet(c *gin.Context, query url.Values) error {
	if err := needed(query, "key", "value"); err != nil {
		return err
	}
	if _, err := s.set(c.Request.Context(), c.Request.RemoteAddr, fsm.SetEndpoint{Key: query.Get("key"), Value: query.Get("value")}); err != nil {
		return err
	}
	return ok(c)
}

func (s *server) originalDel(c *gin.Context, query url.Values) error {
	if err := needed(query, "key"); err != nil {
		return err
	}
	if _, err := s.remove(c.Request.Context(), c.Request.RemoteAddr, fsm.DeleteEndpoint{Key: query.Get("key")}); err != nil {
		return err
	}
	return ok(c)
}

func (s *server) originalGet(c *gin.Context, query url.Values) error {
	if err := needed(query, "key"); err != nil {
		return err
	}
	view, err := s.view(c.Request.Context(), stale)
	if err != nil {
		return err
	}
	e, err := find(view, query.Get("key"))
	if err != nil {
		return err
	}
	writeText(c, http.StatusOK, e.Value)
	return nil
}

func (s *server) originalStatus(c *gin.Context, _ url.Values) error {
	return s.byKey(c, func(_ *fsm.View, e *fsm.Endpoint) any { return e.Value })
}

func (s *server) detectorData(c *gin.Context, _ url.Values) error {
	return s.byKey(c, func(_ *fsm.View, e *fsm.Endpoint) any {
		samples := s.Samples.Samples(e.Key)
		answer := make([]api.DetectorSample, len(samples))
		for i, sample := range samples {
			answer[i] = api.DetectorSample{Status: sample.Status, Time: api.ReadableTime(sample.Time)}
		}
		return answer
	})
}

func (s *server) gossipStatus(c *gin.Context, _ url.Values) error {
	table := s.State.Ballots()
	// Stale verdicts are shown too, for their time tells: hence no limit.
	at := quorum.Moment{Now: time.Now(), TTL: math.MaxInt64}
	return s.byKey(c, func(view *fsm.View, e *fsm.Endpoint) any {
		answer := api.GossipStatus{PrevConsensus: e.State, PrevEventTime: api.ReadableTime(e.Since), Consensus: map[string]api.NodeState{}}
		for _, vote := range quorum.Votes(view, table, e, at) {
			held, ok := table.Get(vote.Node, gossipdb.PageOf(e.Slot))
			if !ok {
				continue
			}
			if vote.Excluded != "" { // the ballot says nothing about the endpoint as it is now
				vote.Verdict = health.Unknown
			}
			answer.Consensus[vote.Node] = api.NodeState{GossipStatus: vote.Verdict, TimeStamp: api.ReadableTime(held.MadeAt)}
		}
		return answer
	})
}

// byKey answers with a JSON object of what show makes of the endpoint in the
// path, or of every endpoint when the path names none.
func (s *server) byKey(c *gin.Context, show func(*fsm.View, *fsm.Endpoint) any) error {
	key, err := pathKey(c, "key")
	if err != nil {
		return err
	}
	view, err := s.view(c.Request.Context(), stale)
	if err != nil {
		return err
	}
	endpoints := view.Endpoints("")
	if key != "" {
		e, err := find(view, key)
		if err != nil {
			return err
		}
		endpoints = func(yield func(*fsm.Endpoint) bool) { yield(e) }
	}
	out := newStream(c)
	out.raw("{")
	for e := range endpoints {
		if !out.member(e.Key, show(view, e)) {
			break
		}
	}
	return out.end("}")
}

// find returns the endpoint of key, or the error for one that is not there.
func find(view *fsm.View, key string) (*fsm.Endpoint, error) {
	if err := checkedKey(key); err != nil {
		return nil, err
	}
	e, ok := view.Endpoint(key)
	if !ok {
		return nil, noEndpoint(key)
	}
	return e, nil
}

func noEndpoint(key string) error {
	return api.NotFound("there is no endpoint %q: see \"tocsin endpoint list\"", key)
}
