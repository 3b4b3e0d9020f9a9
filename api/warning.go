package api

// Warning is something about the cluster that somebody should look after.
type Warning struct {
	// Code is a word for programs; it never changes its meaning.
	Code WarningCode `json:"code"`
	// Node is whom it is about, "" if it is about all.
	Node string `json:"node,omitempty"`
	// Text says what the danger is and what to do.
	Text string `json:"text"`
}

// WarningCode is a word for a kind of warning.
type WarningCode string

// The kinds of warning.
const (
	WarnFewVoters     WarningCode = "few-voters"     // fewer than three
	WarnEvenVoters    WarningCode = "even-voters"    // four or more
	WarnSiteMajority  WarningCode = "site-majority"  // of two sites or more, one has half of the voters
	WarnSilent        WarningCode = "silent"         // an observer that the gossip does not see alive
	WarnNotAMember    WarningCode = "not-a-member"   // in the gossip, and no observer
	WarnNotInRaft     WarningCode = "not-in-raft"    // an observer, and not in the raft configuration
	WarnStuckRemoval  WarningCode = "stuck-removal"  // in the raft configuration, and no observer
	WarnForeignGossip WarningCode = "foreign-gossip" // another cluster's gossip meets ours

	WarnBlind WarningCode = "blind" // too few observers have a verdict on an endpoint for any decision

	WarnUnreadableWindow WarningCode = "unreadable-window" // a maintenance window that holds nothing, for this build can't read it
)

// WarningCodes returns all kinds of warning.
func WarningCodes() []WarningCode {
	return []WarningCode{
		WarnFewVoters, WarnEvenVoters, WarnSiteMajority, WarnSilent, WarnNotAMember, WarnNotInRaft, WarnStuckRemoval, WarnForeignGossip, WarnBlind, WarnUnreadableWindow,
	}
}
