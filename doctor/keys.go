package doctor

import (
	"fmt"

	"tocsin/keyring"
	"tocsin/prose"
)

// gossipKeys: who is not understood in the gossip, because another one does not have
// its key, or will not be.
func gossipKeys(f Facts) []Finding {
	standing := keyring.Standing{Rings: map[string][]keyring.Fingerprint{}}
	for _, a := range f.heardFrom() {
		standing.Rings[a.Node] = a.Report.GossipKeys
	}
	var all []Finding
	keys := standing.Keys()
	for _, key := range keys {
		lacks := standing.Lacks(key.Fingerprint)
		switch {
		case len(lacks) == 0:
		case len(key.Primary) > 0:
			all = append(all, Finding{
				Severity: Critical, Subject: "gossip-keys",
				Text:   fmt.Sprintf("%s %s by the gossip key %s, which %s %s not have: what is sent is dropped there.", prose.And(key.Primary), verb(key.Primary, "sends", "send"), key.Fingerprint, prose.And(lacks), verb(lacks, "does", "do")),
				Remedy: fmt.Sprintf("give %s the file of the gossip keys (--gossip-key-file) that the others have, and \"tocsin reload\" there", prose.And(lacks)),
			})
		default:
			all = append(all, Finding{
				Severity: Info, Subject: "gossip-keys", Text: fmt.Sprintf("The gossip key %s is not on every node: %s %s it, and nobody sends by it.", key.Fingerprint, prose.And(lacks), verb(lacks, "lacks", "lack")),
				Remedy: fmt.Sprintf("go on with the change of the key (tocsin keyring install, or remove %s)", key.Fingerprint),
			})
		}
	}
	if len(keys) == 0 {
		return nil // nothing is encrypted: an agent does not start so where others can reach it
	}
	return orWell(all, "gossip-keys", "Every node opens what the others send in the gossip.")
}
