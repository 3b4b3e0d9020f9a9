package api

import "tocsin/keyring"

// Keyring is the answer of GET /v1/keyring: the keys that the gossip is encrypted
// by, without a key itself.
type Keyring struct {
	// Keys are all that any node has, those that more nodes send by before others.
	Keys []GossipKey `json:"keys"`
	// Nodes are all nodes, in the order of their names.
	Nodes []NodeKeys `json:"nodes"`
}

// GossipKey is one key, and how far it has spread.
type GossipKey struct {
	Fingerprint keyring.Fingerprint `json:"fingerprint" doc:"The beginning of the SHA-256 of the key"`
	Installed   []string            `json:"installed" doc:"The nodes that have it"`
	Primary     []string            `json:"primary" doc:"The nodes that send by it"`
}

// NodeKeys are the keys of one node.
type NodeKeys struct {
	Node string                `json:"node"`
	Keys []keyring.Fingerprint `json:"keys" doc:"Its keys, the one that it sends by first; none if its gossip is not encrypted, or if it is silent"`
	// Silent says why nothing is known of it, "" if it has answered.
	Silent string `json:"silent,omitempty"`
	// File is what its file says, and what to do about it, absent where that is
	// what it goes by.
	File *StrayKeys `json:"file,omitempty"`
}

// StrayKeys is a file of gossip keys that says something else than what its node
// goes by.
type StrayKeys struct {
	keyring.Stray
	Text   string `json:"text" doc:"What is wrong, in words"`
	Remedy string `json:"remedy" doc:"What to do"`
}

// KeyringRequest is the body of POST /v1/keyring.
type KeyringRequest struct {
	Key string `json:"key" minLength:"44" maxLength:"44" doc:"32 random bytes as base64"`
}

// KeyringChanged is the answer to a change of the keys.
type KeyringChanged struct {
	Fingerprint keyring.Fingerprint `json:"fingerprint"`
	Complete    bool                `json:"complete" doc:"Whether every node has done it; if not, it can be repeated"`
	Nodes       []NodeRekeyed       `json:"nodes"`
}

// NodeRekeyed is what became of a change on one node.
type NodeRekeyed struct {
	Node    string `json:"node"`
	Done    bool   `json:"done"`
	Problem string `json:"problem,omitempty" doc:"Why it was not done there, or why that is not known"`
}
