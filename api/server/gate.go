package server

import (
	"sync/atomic"

	"tocsin/api"
)

// gate bounds how many requests do something at once that costs more than a
// moment: that hold a connection open, or ask every node.
type gate struct {
	most   int64
	what   string // for people: who is inside
	inside atomic.Int64
}

// enter lets one more in, or refuses when there are as many as may be. Whoever
// is in calls leave once.
func (g *gate) enter() (leave func(), err error) {
	if g.inside.Add(1) > g.most {
		g.inside.Add(-1)
		return nil, api.Faultf(api.CodeBusy, "this node has %d %s already, and takes no more at once: ask another node, or again in a moment", g.most, g.what)
	}
	return func() { g.inside.Add(-1) }, nil
}

// gates are those of one handler.
type gates struct{ asking, waiting, streaming, logging, uploading gate }

// The most requests of a kind that one node serves at once.
const maxAsking = 32

func newGates() *gates {
	return &gates{
		asking:    gate{most: maxAsking, what: "requests that ask all nodes"},
		waiting:   gate{most: maxWaiting, what: "requests that wait for a change"},
		streaming: gate{most: maxStreams, what: "streams"},
		logging:   gate{most: maxLogs, what: "readers of its log"},
		uploading: gate{most: maxUploads, what: "backups that are sent to it"},
	}
}
