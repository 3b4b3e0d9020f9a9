package api

// The types of the bodies.
const (
	TypeJSON   = "application/json"
	TypeBinary = "application/octet-stream"
)

// The headers that say what an answer is worth.
const (
	// IndexHeader holds the raft index up to which the answer knows everything.
	IndexHeader = "Tocsin-Index"
	// LeaderHeader holds the name of the leader, as the answering node knows
	// it, and is empty while it knows none.
	LeaderHeader = "Tocsin-Leader"
	// ServedByHeader holds the name of the answering node.
	ServedByHeader = "Tocsin-Served-By"
)
