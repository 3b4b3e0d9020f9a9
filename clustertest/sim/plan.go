package sim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"tocsin/clustertest/simnet"
	"tocsin/fsm"
	"tocsin/node"
)

// Plan is all that a seed decides.
type Plan struct {
	Seed   uint64
	Length time.Duration // how long faults go on
	// Live makes it a plan for liveness: faults hit only the Weak.
	Live      bool
	Nodes     int
	Sites     int
	Weak      []string // nodes that faults may hit; all of them, for safety
	Endpoints int
	Parents   map[string][]string // of endpoints, as they begin
	Settings  fsm.ClusterSettings
	Retention node.Retention
	Distance  time.Duration // between sites, one way, beyond what a link takes anyway
	Jitter    time.Duration // of every message
	RaftDelay time.Duration // of every message of raft, one way
	Steps     []Step        // in order of time
}

// Step is one fault, or one change that is none.
type Step struct {
	At, For time.Duration // For is 0 if it has no end
	Kind    Kind
	Dice    uint64 // what the step itself leaves to chance
}

func (s Step) String() string { return fmt.Sprintf("%v at %v for %v", s.Kind, s.At, s.For) }

// NewPlan makes the plan of a seed.
func NewPlan(seed uint64, length time.Duration) Plan {
	dice := rand.New(rand.NewPCG(seed, 0x73696d))
	p := Plan{
		Seed: seed, Length: length, Live: seed%3 == 0,
		Nodes: 3 + dice.IntN(5), Endpoints: 2 + dice.IntN(5),
		Settings: settings(dice),
	}
	p.Sites = 1 + dice.IntN(min(3, p.Nodes-1))
	if dice.IntN(2) == 0 {
		// Trailing stays well above what can be under way at once: see newRaft.
		p.Retention = node.Retention{Threshold: 32, Trailing: 64, Interval: 5 * time.Second}
	}
	p.Weak = p.names()
	if p.Live {
		p.Settings.MaxVoters = 9
		p.Weak = p.Weak[:(p.Nodes-1)/2]
	} else if dice.IntN(3) == 0 {
		p.Settings.EventsKept = 3 + dice.IntN(10)
	}
	p.Distance = time.Duration(dice.IntN(3)*dice.IntN(10)) * time.Millisecond
	p.Jitter = time.Duration(dice.IntN(2)*dice.IntN(5000)) * time.Microsecond
	p.RaftDelay = time.Duration(dice.IntN(2)*dice.IntN(30)) * time.Millisecond
	p.Steps = p.steps(dice)
	p.relate()
	slices.SortStableFunc(p.Steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return p
}

// mayHit reports whether faults may hit a node.
func (p Plan) mayHit(node string) bool { return !p.Live || slices.Contains(p.Weak, node) }

func settings(dice *rand.Rand) fsm.ClusterSettings {
	s := fsm.DefaultClusterSettings()
	s.Interval = fsm.Duration(time.Duration(1+dice.IntN(3)) * time.Second)
	s.RetryInterval = fsm.Duration(500 * time.Millisecond)
	s.Fall, s.Rise = 1+dice.IntN(3), 1+dice.IntN(2)
	s.Cooldown = fsm.Duration(time.Duration(dice.IntN(2)*5) * time.Second)
	s.BallotRefresh = fsm.Duration(time.Duration(1+dice.IntN(2)) * time.Second)
	s.NotifyTimeout = fsm.Duration(20 * time.Second)
	s.NotifyAttempts = 2 + dice.IntN(4)
	return s
}

// lastAct is how long before the end of the faults the last ones begin.
const lastAct = 25 * time.Second

// apartFor is for how long nodes are apart before it.
const apartFor = 100 * time.Second

// steps draws steps, in no order, until the plan is full: on average one every 12 seconds, in
// clusters that differ in what they suffer from.
func (p Plan) steps(dice *rand.Rand) (steps []Step) {
	kinds := kindsFor(p.Live)
	favourites := make([]Kind, 6)
	for i := range favourites {
		favourites[i] = kinds[dice.IntN(len(kinds))]
	}
	for at := 20 * time.Second; at < p.Length; at += time.Duration(1+dice.IntN(24)) * time.Second {
		kind := kinds[dice.IntN(len(kinds))]
		if dice.IntN(2) == 0 {
			kind = favourites[dice.IntN(len(favourites))]
		}
		steps = append(steps, Step{At: at, For: kind.length(dice), Kind: kind, Dice: dice.Uint64()})
	}
	// Some clusters lose their leader at decision after decision.
	if dice.IntN(3) == 0 {
		for at := 30 * time.Second; at < p.Length; at += time.Duration(10+dice.IntN(30)) * time.Second {
			steps = append(steps, Step{At: at, For: StrikeDecision.length(dice), Kind: StrikeDecision, Dice: dice.Uint64()})
		}
	}
	// In others most ballots have to make a detour, time and again.
	if p.Live && dice.IntN(2) == 0 {
		for at := 40 * time.Second; at < p.Length; at += time.Duration(110+dice.IntN(60)) * time.Second {
			steps = append(steps, Step{At: at, For: 100 * time.Second, Kind: GossipStar, Dice: dice.Uint64()})
		}
	}
	// In the end everything changes, and whoever leads is struck while it tells:
	// no later event makes up for what is left undone.
	if end := p.Length - lastAct; end > 0 {
		steps = append(steps,
			Step{At: end, Kind: FlipMany, Dice: dice.Uint64()},
			Step{At: end, For: lastAct, Kind: StrikeLeaderScript, Dice: dice.Uint64()})
	}
	// And some have been apart for so long that they have given each other up.
	if end := p.Length - apartFor; end > 0 && !p.Live && dice.IntN(2) == 0 {
		steps = append(steps, Step{At: end, For: apartFor, Kind: CutMinority, Dice: dice.Uint64()})
	}
	return steps
}

func (p Plan) names() []string {
	names := make([]string, p.Nodes)
	for i := range names {
		names[i] = fmt.Sprintf("n%d", i+1)
	}
	return names
}

// site returns where a node stands. Sites go round, so that the weak, which are
// the first few, never are a majority of sites.
func (p Plan) site(name string) string {
	var number int
	_, _ = fmt.Sscanf(name, "n%d", &number) // names are of that form
	if p.Sites == 1 {
		return ""
	}
	return string(rune('a' + number%p.Sites))
}

// link returns how a link is when nothing is broken.
func (p Plan) link(from, to string) simnet.Link {
	link := simnet.Link{Jitter: p.Jitter, RaftDelay: p.RaftDelay}
	if p.site(from) != p.site(to) {
		link.Delay = p.Distance
	}
	return link
}

func (p Plan) String() string {
	what := "safety"
	if p.Live {
		what = "liveness"
	}
	return fmt.Sprintf("seed %d: %s, %d nodes in %d sites, %d endpoints, %d steps in %v", p.Seed, what, p.Nodes, p.Sites, p.Endpoints, len(p.Steps), p.Length)
}
