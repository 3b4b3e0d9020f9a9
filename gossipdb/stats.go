package gossipdb

import "sync/atomic"

// Stats counts what happened since the start, and above all what was dropped.
type Stats struct {
	DBStats

	Undecodable  uint64 // messages that were no ballot, and packets and streams that were no gossip of ours
	Foreign      uint64 // packets, streams and members of other clusters that were refused
	Unopened     uint64 // packets and streams that none of this node's keys opens
	Crowded      uint64 // streams that were hung up on because too many were open, in all or from one address
	Early        uint64 // ballots dropped because this node belongs to no cluster yet
	Announced    uint64 // own ballots given to the gossip
	Relayed      uint64 // ballots of others passed on because they were new
	Unread       uint64 // dropped after a standstill: they may have lain unread
	Stale        uint64 // new, but past their time to live, and so not passed on
	Sent         uint64 // direct messages handed to the network
	SendsFailed  uint64 // direct messages the network did not take
	LeaderUnseen uint64 // times the leader was owed a direct message and was not among the members
	StateOmitted uint64 // ballots left out of a push/pull because it was full
	Pruned       uint64 // messages removed from the full, or idle, queue
	Joins        uint64 // addresses joined, by hand and by the rejoin loop
	JoinsFailed  uint64
	Queued       int // messages in the queue now
	Members      int // members of the gossip that seem alive now, this node among them
}

// DBStats is the part of Stats that counts ballots as they arrive.
type DBStats struct {
	New          uint64 // ballots from outside that were newer than what was held
	Repeated     uint64 // not newer
	Echoes       uint64 // naming this node, not newer than its own
	Usurped      uint64 // naming this node, newer than its own
	Refused      uint64 // of epoch 0, or not valid in another way
	Forged       uint64 // without the signature that their node owes
	Overflow     uint64 // of one node too many
	Removed      uint64 // ballots forgotten by Remove
	VotesRefused uint64 // votes of this node about slots beyond the limit
}

type dbCounters struct {
	new, repeated, echoes, usurped, refused, forged, overflow, removed, votesRefused atomic.Uint64
}

type gossipCounters struct {
	undecodable, unopened, crowded, early, announced, relayed, unread, stale, sent, sendsFailed, leaderUnseen, omitted, pruned, joins, joinsFailed atomic.Uint64
}

// Stats returns the counters of the DB.
func (d *DB) Stats() DBStats {
	c := &d.stats
	return DBStats{
		New: c.new.Load(), Repeated: c.repeated.Load(), Echoes: c.echoes.Load(), Usurped: c.usurped.Load(),
		Refused: c.refused.Load(), Forged: c.forged.Load(), Overflow: c.overflow.Load(), Removed: c.removed.Load(), VotesRefused: c.votesRefused.Load(),
	}
}

// Stats returns the counters of the gossip and of its DB.
func (g *Gossip) Stats() Stats {
	c := &g.stats
	return Stats{
		DBStats:     g.db.Stats(),
		Undecodable: c.undecodable.Load(), Foreign: g.strangers.count(), Unopened: c.unopened.Load(), Crowded: c.crowded.Load(), Early: c.early.Load(), Announced: c.announced.Load(), Relayed: c.relayed.Load(), Unread: c.unread.Load(), Stale: c.stale.Load(),
		Sent: c.sent.Load(), SendsFailed: c.sendsFailed.Load(), LeaderUnseen: c.leaderUnseen.Load(),
		StateOmitted: c.omitted.Load(), Pruned: c.pruned.Load(), Joins: c.joins.Load(), JoinsFailed: c.joinsFailed.Load(),
		Queued: g.queue.NumQueued(), Members: g.roster.alive(),
	}
}
