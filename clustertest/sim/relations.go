package sim

import (
	"math/rand/v2"
	"slices"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// How endpoints and nodes stand to each other: what people change of it, and what
// shows it.
const (
	TurnBrake    Kind = "the brake is set to another share"
	PreferOne    Kind = "a node is preferred as a voter, or no longer"
	FallTogether Kind = "all endpoints fail, and come back one by one"
)

// relate draws what endpoints depend on, whether there is a brake, and whether it
// matters who votes. It has dice of its own, so that all else of a plan is as it
// would be without.
func (p *Plan) relate() {
	dice := rand.New(rand.NewPCG(p.Seed, 0x72656c))
	p.Parents = map[string][]string{}
	if dice.IntN(3) > 0 {
		for i := 1; i < p.Endpoints; i++ {
			// None depends on one behind it: there are no circles.
			if dice.IntN(3) > 0 {
				p.Parents[key(i)] = append(p.Parents[key(i)], key(dice.IntN(i)))
			}
		}
	}
	// Where nothing depends on anything, what the brake holds shows best.
	if dice.IntN(2) == 0 || p.Live && len(p.Parents) == 0 {
		p.Settings.Brake = p.share(dice)
	}
	related := len(p.Parents) > 0 || p.Settings.Brake != fsm.ShareOff
	hushed := false
	for at := 60 * time.Second; related && at < p.Length-lastAct-p.fall(); at += p.fall() + time.Duration(30+dice.IntN(90))*time.Second {
		if hushed = p.Live && !hushed; hushed {
			p.hush(at)
			at += fades
		}
		p.Steps = append(p.Steps, Step{At: at, For: p.fall(), Kind: FallTogether, Dice: dice.Uint64()})
	}
	if p.Live {
		return // what is so has to be decided by the settings that it began with
	}
	var kinds []Kind
	if p.Settings.Brake != fsm.ShareOff {
		kinds = append(kinds, TurnBrake)
	}
	if dice.IntN(3) == 0 {
		p.Settings.MaxVoters = 3
		kinds = append(kinds, PreferOne)
	}
	for at := 30 * time.Second; len(kinds) > 0 && at < p.Length-lastAct; at += time.Duration(20+dice.IntN(60)) * time.Second {
		p.Steps = append(p.Steps, Step{At: at, Kind: kinds[dice.IntN(len(kinds))], Dice: dice.Uint64()})
	}
}

// share draws one that lets one endpoint be DOWN at least, and not all, where
// there are all that the plan has.
func (p *Plan) share(dice *rand.Rand) fsm.Share {
	most := 1 + dice.IntN(p.Endpoints-1)
	return fsm.Share((100*most + p.Endpoints - 1) / p.Endpoints)
}

// parents returns what a write gives an endpoint that is to have the parents of
// the plan, nil if it has none there.
func (p Plan) parents(key string) *[]string {
	if of := p.Parents[key]; len(of) > 0 {
		return &of
	}
	return nil
}

// comesBack is how long after the one before it an endpoint comes back: whatever is
// held then has been held for long.
const comesBack = 25 * time.Second

// fall is how long it takes until all have come back.
func (p Plan) fall() time.Duration { return time.Duration(p.Endpoints+1) * comesBack }

// fades is how long it takes until the faults that lie in wait have struck, and
// elections are over.
const fades = time.Minute

// hush makes room at a moment for one fall in which no step begins, after the
// steps before it have faded: there it shows to the second whether what was held
// is decided as soon as it may be. The plan becomes longer for it, so that nothing
// is played less.
func (p *Plan) hush(at time.Duration) {
	room := fades + p.fall()
	for i, s := range p.Steps {
		if s.At >= at {
			p.Steps[i].At += room
		}
	}
	p.Length += room
}

// fallTogether has every target go DOWN, and come UP again in an order that is
// drawn, or parents first: what depends on them is DOWN then, and not held any more.
func (r *run) fallTogether(dice *rand.Rand) {
	r.record.fault("%s", FallTogether)
	for _, t := range r.targets() {
		r.world.set(t, health.Down)
	}
	order := dice.Perm(r.plan.Endpoints)
	if dice.IntN(3) > 0 {
		slices.Sort(order)
	}
	if dice.IntN(3) > 0 {
		// Then all of it is decided at the same moment.
		r.pauseAll(rand.New(rand.NewPCG(dice.Uint64(), 0)), comesBack*4/5)
	}
	for i, n := range order {
		r.at(r.record.now()+time.Duration(i+1)*comesBack, func() {
			r.record.fault("%s comes back", key(n))
			r.world.set(target(key(n), 0), health.Up)
			r.world.set(target(key(n), 1), health.Up)
		})
	}
}

// rearrange does one of these, and reports whether the kind is one.
func (r *run) rearrange(kind Kind, dice *rand.Rand) (mine bool) {
	switch kind {
	case TurnBrake:
		s := r.plan.Settings
		switch dice.IntN(3) {
		case 0:
			s.Brake = fsm.ShareOff
		case 1:
			s.Brake = r.plan.share(dice)
		}
		r.record.fault("%s: %v", kind, s.Brake)
		r.working.Go(func() { r.write(-1, dice, fsm.ChangeSettings{Settings: s}) })
	case FallTogether:
		r.fallTogether(dice)
	case PreferOne:
		name, _ := pick(dice, r.cluster.Names())
		c := fsm.PreferVoter{Node: name, Prefer: dice.IntN(3) > 0}
		r.record.fault("%s: %s, %v", kind, name, c.Prefer)
		r.working.Go(func() { r.write(-1, dice, c) })
	default:
		return false
	}
	return true
}
