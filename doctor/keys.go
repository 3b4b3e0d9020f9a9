package doctor

import (
	"fmt"
	"slices"
	"strings"

	"tocsin/keyring"
	"tocsin/prose"
)

// keysExplain is the remedy where two nodes don't hear each other because of their
// keys.
const keysExplain = "their gossip keys explain it, and no port: see gossip-keys"

// rings are the keys of the nodes that gave an answer.
func (f Facts) rings() keyring.Standing {
	standing := keyring.NewStanding()
	for _, a := range f.heardFrom() {
		standing.Hear(a.Node, keyring.Held{Keys: a.Report.GossipKeys, File: a.Report.GossipKeyFile})
	}
	return standing
}

// gossipKeys: who is not understood in the gossip, because another one does not have
// its key, or will not be.
func gossipKeys(f Facts) []Finding {
	standing := f.rings()
	keys := standing.Keys()
	if len(keys) == 0 {
		return nil // nothing is encrypted: an agent does not start so where others can reach it
	}
	var all []Finding
	for _, key := range keys {
		if lacks := standing.Lacks(key.Fingerprint); len(lacks) > 0 && len(key.Primary) > 0 {
			all = []Finding{parted(standing)}
			break
		}
	}
	for _, key := range keys {
		if lacks := standing.Lacks(key.Fingerprint); len(lacks) > 0 && len(key.Primary) == 0 {
			all = append(all, Finding{
				Severity: Info, Subject: "gossip-keys", Text: fmt.Sprintf("The gossip key %s is not on every node: %s %s it, and nobody sends by it.", key.Fingerprint, prose.And(lacks), verb(lacks, "lacks", "lack")),
				Remedy: fmt.Sprintf("go on with the change of the key (tocsin keyring install, or remove %s)", key.Fingerprint),
			})
		}
	}
	for _, node := range standing.StrayFiles() {
		text, remedy := standing.Mend(node)
		all = append(all, Finding{Severity: Warning, Subject: "gossip-keys", Node: node, Text: sentence(text), Remedy: remedy})
	}
	return f.orWell(all, "gossip-keys", "Every node opens what the others send in the gossip.")
}

// parted is what is to be seen to where one node does not have the key that another
// one sends by. Those that go by another key than most take over theirs, never the
// other way round: they may have been away while it was removed.
func parted(standing keyring.Standing) Finding {
	var said []string
	for _, key := range standing.Keys() {
		if lacks := standing.Lacks(key.Fingerprint); len(lacks) > 0 && len(key.Primary) > 0 {
			said = append(said, fmt.Sprintf("%s %s by the gossip key %s, which %s %s not have", prose.And(key.Primary), verb(key.Primary, "sends", "send"), key.Fingerprint, prose.And(lacks), verb(lacks, "does", "do")))
		}
	}
	found := Finding{
		Severity: Critical, Subject: "gossip-keys",
		Text:   strings.Join(said, "; ") + ": what is sent is dropped there.",
		Remedy: "no key is that of most nodes: give all of them the file of the newest one (--gossip-key-file), none that was removed, and \"tocsin reload\" there",
	}
	by, strays := standing.Strays()
	if by == "" {
		return found
	}
	model := standing.SendBy(by)
	model = slices.DeleteFunc(model, func(node string) bool { return slices.Contains(strays, node) })
	found.Remedy = fmt.Sprintf("give %s the file of the gossip keys (--gossip-key-file) that %s %s, and \"tocsin reload\" there; bring no key from there to the others, for it may have been removed on purpose", prose.And(strays), prose.And(model), verb(model, "has", "have"))
	return found
}
