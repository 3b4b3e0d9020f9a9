package api

import (
	"time"

	"tocsin/health"
)

// DetectorSample is one check of this node, in /detectordata.
type DetectorSample struct {
	Status health.Status `json:"Status"`
	Time   time.Time     `json:"Time"`
}

// GossipStatus is what this node holds about one endpoint, in /gossipstatus.
type GossipStatus struct {
	PrevConsensus health.Status `json:"PrevConsensus"`
	// PrevEventTime is the zero time before the first decision.
	PrevEventTime time.Time            `json:"PrevEventTime"`
	Consensus     map[string]NodeState `json:"Consensus"`
}

// NodeState is the verdict of one observer and when it was made, by the clock
// of the node that answers.
type NodeState struct {
	GossipStatus health.Status `json:"GossipStatus"`
	TimeStamp    time.Time     `json:"TimeStamp"`
}
