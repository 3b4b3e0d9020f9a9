package sim

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"tocsin/clustertest/simnet"
	"tocsin/health"
)

// begin does a step and returns what ends it, nil if nothing does.
func (r *run) begin(s Step) (end func()) {
	dice := rand.New(rand.NewPCG(s.Dice, r.plan.Seed))
	if end, mine := r.harm(s.Kind, dice); mine {
		return end
	}
	if end, mine := r.intervene(s.Kind, dice, s.For); mine {
		return end
	}
	if r.rearrange(s.Kind, dice) {
		return nil
	}
	switch s.Kind {
	case CrashLeader, CrashOne, CrashAll, StopOne, StopAll, WipeOne, JoinOne, LeaveOne, DealAnew:
		return r.strike(s.Kind, dice)
	case CutMinority, CutLeader, CutOne, CutOneWay, CutRing, CutSites, CutGossip, CutRaft, CutCalls, GossipStar, GossipApart, Lossy, Duplicating, Slow:
		return r.disturb(s.Kind, dice, s.For)
	case StrikeScript, StrikeLeaderScript, StrikeDecision, StrikeWrite:
		return r.lieInWait(s.Kind, dice)
	case MissEpisode:
		return r.missEpisode(dice, s.For)
	case FlipOne, FlipMany, Flap, BlindNode, BlindSite, Deaf:
		return r.turn(s.Kind, dice)
	case ScriptsSlow, ScriptsFail, ScriptsRefuse:
		return r.spoil(s.Kind, dice)
	case DeleteAndAdd, Burst, ChangeSetting:
		r.rewrite(s.Kind, dice)
	}
	return nil
}

// victims returns the nodes that a fault may hit now.
func (r *run) victims() []string {
	return slices.DeleteFunc(r.cluster.Up(), func(name string) bool { return !r.plan.mayHit(name) })
}

// leads returns who leads, as far as anybody knows.
func (r *run) leads() (string, bool) {
	for _, name := range r.cluster.Up() {
		if l, known := r.cluster.Node(name).Leader(); known && l.Node == name {
			return name, true
		}
	}
	return "", false
}

// leader returns who leads, if it may be hit.
func (r *run) leader() (string, bool) {
	name, known := r.leads()
	return name, known && r.plan.mayHit(name)
}

// strike takes nodes down.
func (r *run) strike(kind Kind, dice *rand.Rand) (end func()) {
	var hit []string
	take := r.crash
	one := func(name string, ok bool) {
		if ok {
			hit = []string{name}
		}
	}
	switch kind {
	case CrashLeader:
		one(r.leader())
	case CrashOne:
		one(pick(dice, r.victims()))
	case CrashAll:
		hit = r.victims()
	case StopOne:
		take = r.stop
		one(pick(dice, r.victims()))
	case StopAll:
		take, hit = r.stop, r.victims()
	case WipeOne:
		return r.wipe(dice)
	case JoinOne:
		if len(r.cluster.Names()) < r.plan.Nodes+2 {
			r.record.fault("%s joins", r.cluster.Add())
			r.world.note()
			r.setLinks()
		}
		return nil
	case LeaveOne:
		return r.leave(dice)
	case DealAnew:
		return r.deal(dice)
	}
	for _, name := range hit {
		r.record.fault("%s: %s", kind, name)
		take(name)
	}
	return r.restartAll(hit)
}

func (r *run) restartAll(names []string) func() {
	return func() {
		for _, name := range names {
			r.restart(name)
		}
	}
}

// wipe takes a node down and its disk away. One at a time, and not before the
// last one is a voter again: a majority of the disks is always left.
func (r *run) wipe(dice *rand.Rand) (end func()) {
	name, ok := pick(dice, r.victims())
	if !ok || !r.mayWipe() {
		return nil
	}
	r.record.fault("%s: %s", WipeOne, name)
	r.crash(name)
	r.cluster.Wipe(name)
	r.wiped, r.fresh[name], r.replaced[name] = name, true, true
	return r.restartAll([]string{name})
}

func (r *run) mayWipe() bool {
	if len(r.cluster.Names()) < 3 {
		return false
	}
	voters := 0
	recovered := r.wiped == ""
	// A node that has lost its disk stays in the configuration, without a vote
	// until it has caught up with its own registration.
	back := r.wiped != "" && r.record.caughtUp(r.wiped)
	for _, name := range r.cluster.Up() {
		n := r.cluster.Node(name)
		l, known := n.Leader()
		if !known || l.Node != name {
			continue
		}
		servers, err := n.RaftServers()
		if err != nil {
			return false
		}
		for _, s := range servers {
			if s.Voter {
				voters++
				recovered = recovered || back && s.Node == r.wiped
			}
		}
	}
	return recovered && voters >= 3
}

// leave takes a node out of the cluster. It comes back when it is started again.
func (r *run) leave(dice *rand.Rand) (end func()) {
	name, ok := pick(dice, r.victims())
	through, up := pick(dice, r.cluster.Up())
	if !ok || !up || len(r.cluster.Up()) < 4 || r.wiped != "" || r.dealt {
		return nil
	}
	r.record.fault("%s is told to let %s leave", through, name)
	n := r.cluster.Node(through)
	r.left[name] = true
	r.working.Go(func() {
		if err := n.LeaveRaft(context.Background(), name+":7000"); err != nil {
			r.record.fault("%s did not leave: %v", name, err)
		}
	})
	return func() {
		if !r.down[name] {
			r.stop(name)
			r.restartSoon(name)
		}
	}
}

// disturb breaks links.
func (r *run) disturb(kind Kind, dice *rand.Rand, last time.Duration) (end func()) {
	names := r.cluster.Names()
	hittable := names
	if r.plan.Live {
		hittable = r.plan.Weak
	}
	one, _ := pick(dice, hittable)
	other, _ := pick(dice, slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == one }))
	say := func(whom string) { r.record.fault("%s: %s", kind, whom) }
	switch kind {
	case CutMinority:
		group := minority(names, dice)
		say(asText(group))
		return r.breakLinks(apart(group, 0))
	case GossipApart:
		return r.startApart(dice, last)
	case CutLeader:
		leader, ok := r.leader()
		if !ok {
			return nil
		}
		say(leader)
		return r.breakLinks(apart([]string{leader}, 0))
	case CutOne:
		say(one)
		return r.breakLinks(apart([]string{one}, 0))
	case CutOneWay:
		say(one + " → " + other)
		return r.breakLinks(func(from, to string) simnet.Link { return simnet.Link{Cut: from == one && to == other} })
	case CutRing:
		say(asText(names))
		return r.breakLinks(ring(names))
	case CutSites:
		say("all")
		return r.breakLinks(func(from, to string) simnet.Link {
			return simnet.Link{Cut: r.plan.site(from) != r.plan.site(to)}
		})
	case CutGossip:
		say(one)
		return r.breakLinks(around(one, simnet.Link{Cut: true, Of: simnet.OfGossip}))
	case CutRaft:
		say(one)
		return r.breakLinks(around(one, simnet.Link{Cut: true, Of: simnet.OfRaft}))
	case CutCalls:
		say(one)
		return r.breakLinks(around(one, simnet.Link{Cut: true, Of: simnet.OfCalls}))
	case GossipStar:
		if r.starred {
			return nil // two centres are none
		}
		leader, _ := r.leads()
		centre, _ := pick(dice, slices.DeleteFunc(slices.Clone(names), func(name string) bool {
			return name == leader || r.plan.Live && r.plan.mayHit(name)
		}))
		say(centre + " in the middle")
		r.starred = true
		r.at(r.record.now()+last/6, r.flipAll)
		r.at(r.record.now()+last*3/5, r.flipAll)
		heal := r.breakLinks(star(centre))
		return func() {
			r.starred = false
			heal()
		}
	}
	return r.degrade(kind, dice)
}

func (r *run) degrade(kind Kind, dice *rand.Rand) (end func()) {
	var link simnet.Link
	switch kind {
	case Lossy:
		link.Loss = []float64{0.05, 0.3}[dice.IntN(2)]
	case Duplicating:
		link.Duplicate = 0.3
		link.Jitter = 20 * time.Millisecond
	case Slow:
		link.Delay = time.Duration(20+dice.IntN(300)) * time.Millisecond
		link.Jitter = time.Duration(1+dice.IntN(300)) * time.Millisecond
	}
	r.record.fault("%s: %+v", kind, link)
	return r.breakLinks(func(string, string) simnet.Link { return link })
}

// turn changes the world.
func (r *run) turn(kind Kind, dice *rand.Rand) (end func()) {
	targets := r.targets()
	one := targets[dice.IntN(len(targets))]
	node, _ := pick(dice, r.cluster.Names())
	switch kind {
	case FlipOne:
		r.record.fault("%s changes", one)
		r.world.flip(one)
	case FlipMany:
		r.flipAll()
	case Flap:
		r.record.fault("%s flaps", one)
		return r.flap(one, time.Duration(500+dice.IntN(4000))*time.Millisecond)
	case BlindNode:
		r.record.fault("%s sees everything DOWN", node)
		return r.world.blinded(node, health.Down)
	case Deaf:
		r.record.fault("%s sees nothing", node)
		return r.world.blinded(node, health.Unknown)
	case BlindSite:
		site := r.plan.site(node)
		r.record.fault("site %q sees everything DOWN", site)
		var ends []func()
		for _, name := range r.cluster.Names() {
			if r.plan.site(name) == site {
				ends = append(ends, r.world.blinded(name, health.Down))
			}
		}
		return func() {
			for _, end := range ends {
				end()
			}
		}
	}
	return nil
}

func (r *run) flap(target string, every time.Duration) (end func()) {
	over := false
	var flip func()
	flip = func() {
		if !over {
			r.world.flip(target)
			r.at(r.record.now()+every, flip)
		}
	}
	flip()
	return func() { over = true }
}

// spoil makes the notification scripts misbehave.
func (r *run) spoil(kind Kind, dice *rand.Rand) (end func()) {
	r.record.fault("%s", kind)
	r.scripts.change(func(s *scripts) {
		switch kind {
		case ScriptsSlow:
			s.slowed = time.Duration(1+dice.IntN(12)) * time.Second
		case ScriptsFail:
			s.fails = 1 + dice.IntN(2)
		case ScriptsRefuse:
			s.refuses = true
		}
	})
	return func() { r.scripts.change((*scripts).behave) }
}

// behave ends all misbehaviour.
func (s *scripts) behave() { s.slowed, s.fails, s.refuses = 0, 0, false }
