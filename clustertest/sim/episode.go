package sim

import (
	"math/rand/v2"
	"slices"
	"time"

	"tocsin/clustertest/simnet"
)

// missEpisode takes a node away while every target changes and changes back: it
// sees nothing of it, or nobody sees what it does. It lasts for so long.
func (r *run) missEpisode(dice *rand.Rand, last time.Duration) (end func()) {
	name, ok := pick(dice, r.victims())
	if !ok {
		return nil
	}
	say := func(what string) { r.record.fault("%s: %s, %s", MissEpisode, name, what) }
	switch dice.IntN(4) {
	case 0:
		say("which is down")
		r.crash(name)
		end = r.restartAll([]string{name})
	case 1:
		say("which is cut off")
		end = r.breakLinks(around(name, simnet.Link{Cut: true}))
	case 2:
		say("the gossip of which is cut off")
		end = r.breakLinks(around(name, simnet.Link{Cut: true, Of: simnet.OfGossip}))
	default:
		say("the raft of which is cut off")
		end = r.breakLinks(around(name, simnet.Link{Cut: true, Of: simnet.OfRaft}))
	}
	now := r.record.now()
	r.at(now+last/5, r.flipAll)
	r.at(now+last*3/5, r.flipAll)
	return end
}

// startApart takes all nodes down and lets them come up again with the gossip
// cut between a minority and the rest, the rest first: whoever leads then hears
// from some, and has never heard of the others. Everything changes meanwhile. It
// lasts for so long.
func (r *run) startApart(dice *rand.Rand, last time.Duration) (end func()) {
	if r.apart {
		return nil // apart from each other both have no majority
	}
	r.apart = true
	group := minority(r.cluster.Names(), dice)
	r.record.fault("%s: %s", GossipApart, asText(group))
	heal := r.breakLinks(apart(group, simnet.OfGossip))
	hit := r.victims()
	for _, name := range hit {
		r.crash(name)
	}
	late := func(name string) bool { return slices.Contains(group, name) }
	now := r.record.now()
	r.at(now+3*time.Second, r.restartAll(slices.DeleteFunc(slices.Clone(hit), late)))
	r.at(now+10*time.Second, r.restartAll(hit))
	for at := last / 4; at < last; at += last / 4 {
		r.at(now+at, r.flipAll)
	}
	return func() {
		r.apart = false
		heal()
	}
}

// flipAll makes every target change.
func (r *run) flipAll() {
	r.record.fault("everything changes")
	for _, t := range r.targets() {
		r.world.flip(t)
	}
}
