package sim

import (
	"math/rand/v2"
	"time"
)

// Kind is what a step does.
type Kind string

// The kinds of steps.
const (
	CrashLeader   Kind = "crash the leader"
	CrashOne      Kind = "crash one"
	CrashAll      Kind = "crash all"
	StopOne       Kind = "stop one in order"
	StopAll       Kind = "stop all in order"
	WipeOne       Kind = "crash one and lose its disk"
	CutMinority   Kind = "cut off a minority"
	CutLeader     Kind = "cut off the leader"
	CutOne        Kind = "cut off one"
	CutOneWay     Kind = "cut one direction"
	CutRing       Kind = "cut into a ring"
	CutSites      Kind = "cut between sites"
	CutGossip     Kind = "cut the gossip of one"
	CutRaft       Kind = "cut the raft of one"
	CutCalls      Kind = "cut the calls of one"
	GossipStar    Kind = "gossip goes through one node"
	GossipApart   Kind = "all start with a minority cut off from the gossip"
	Lossy         Kind = "lose packets"
	Duplicating   Kind = "deliver twice"
	Slow          Kind = "delay"
	FlipOne       Kind = "an endpoint changes"
	FlipMany      Kind = "all endpoints change"
	Flap          Kind = "an endpoint flaps"
	MissEpisode   Kind = "one misses that all changes and changes back"
	BlindNode     Kind = "a node does not reach the endpoints"
	BlindSite     Kind = "a site does not reach the endpoints"
	Deaf          Kind = "a node finds out nothing"
	DeleteAndAdd  Kind = "an endpoint is deleted and added again"
	Burst         Kind = "many writes"
	ChangeSetting Kind = "settings change"
	JoinOne       Kind = "a node joins"
	LeaveOne      Kind = "a node leaves"
	DealAnew      Kind = "addresses are dealt anew"
	ScriptsSlow   Kind = "scripts are slow"
	ScriptsFail   Kind = "scripts fail at first"
	ScriptsRefuse Kind = "scripts always fail"

	// These lie in wait: what they do they do to the node that comes to that
	// point first.
	StrikeScript       Kind = "strike in the middle of a script"
	StrikeLeaderScript Kind = "strike the leader in the middle of its script"
	StrikeDecision     Kind = "strike the leader at a decision"
	StrikeWrite        Kind = "strike the leader at a write"
)

// kindsFor returns what may happen, what should happen often more than once.
func kindsFor(live bool) []Kind {
	kinds := []Kind{
		CrashLeader, CrashLeader, CrashOne, StopOne, CutOne, CutOneWay, CutGossip, CutRaft, CutCalls,
		FlipOne, FlipOne, FlipOne, FlipOne, FlipOne, FlipMany, FlipMany, DeleteAndAdd, Burst,
		ScriptsSlow, ScriptsFail, ScriptsRefuse, WipeOne, DealAnew, GossipStar, MissEpisode, MissEpisode,
		PauseSome, PauseSome, SetByHand, SetByHand, TransferLead,
		StrikeScript, StrikeScript, StrikeLeaderScript, StrikeDecision, StrikeDecision, StrikeDecision, StrikeWrite, StrikeWrite,
	}
	kinds = append(kinds, diskKinds(live)...)
	if live {
		return kinds
	}
	return append(kinds,
		CrashAll, StopAll, CutMinority, GossipApart, CutLeader, CutRing, CutSites, Lossy, Duplicating, Slow,
		Flap, BlindNode, BlindSite, Deaf, ChangeSetting, ChangeSetting, JoinOne, LeaveOne,
	)
}

// length draws how long a step of that kind lasts.
func (k Kind) length(dice *rand.Rand) time.Duration {
	switch k {
	case FlipOne, FlipMany, DeleteAndAdd, Burst, ChangeSetting, JoinOne, SetByHand, TransferLead:
		return 0
	case PauseSome:
		return time.Duration(20+dice.IntN(40)) * time.Second
	case CrashAll, StopAll, PowerAll:
		return time.Duration(1+dice.IntN(10)) * time.Second
	case StrikeScript, StrikeLeaderScript, StrikeDecision, StrikeWrite:
		return time.Minute
	case MissEpisode:
		return time.Duration(30+dice.IntN(30)) * time.Second
	case GossipApart:
		return time.Duration(60+dice.IntN(60)) * time.Second
	case GossipStar: // what is promised takes half a minute
		return time.Duration(30+dice.IntN(90)) * time.Second
	}
	short, long := 1+dice.IntN(15), 15+dice.IntN(120)
	if dice.IntN(4) == 0 {
		return time.Duration(long) * time.Second
	}
	return time.Duration(short) * time.Second
}
