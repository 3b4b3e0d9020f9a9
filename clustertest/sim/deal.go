package sim

import (
	"math/rand/v2"
	"slices"

	"tocsin/clustertest"
)

// deal takes some nodes down, and has each come back with the raft address that
// another one of them had. Nobody leaves from then on: who leaves is named by its
// address, and that may be another's before it is heard.
func (r *run) deal(dice *rand.Rand) (end func()) {
	hit := slices.Clone(r.victims())
	if len(hit) < 2 {
		return nil
	}
	dice.Shuffle(len(hit), func(i, j int) { hit[i], hit[j] = hit[j], hit[i] })
	hit = hit[:2+dice.IntN(len(hit)-1)]
	r.record.fault("%s: %s", DealAnew, asText(hit))
	for _, name := range hit {
		r.crash(name)
	}
	// Raft reads beside the change of an address what does not change with it, and
	// the detector can't know: see the tests of nodes that move.
	if !clustertest.RaceDetector {
		r.dealt = true
		r.record.sometimes(string(DealAnew))
		r.cluster.DealRaftAddresses(hit...)
	}
	return r.restartAll(hit)
}
