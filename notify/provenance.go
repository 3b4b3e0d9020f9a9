package notify

import "fmt"

// validFor returns why a Notifier with that configuration must not go on from
// r, nil if it may. Going on from the wrong ledger would pass events over in
// silence, or report runs that never were.
func (r Record) validFor(c Config) error {
	if r.Cursor == 0 {
		return nil // nothing was ever written to it
	}
	if r.Node != c.Node || r.Cluster != c.Cluster {
		return fmt.Errorf("the ledger in this data directory belongs to node %q of cluster %s, and this is node %q of cluster %s: "+
			"give every node a --data-dir of its own, or put its own ledger back; %s", r.Node, idOf(r.Cluster), c.Node, idOf(c.Cluster), beginAnew)
	}
	if r.Cursor > c.Start {
		return fmt.Errorf("the ledger is ahead of its cluster: it has come to event %d, and this process was registered at %d: "+
			"the cluster was put back to an earlier state; %s", r.Cursor, c.Start, beginAnew)
	}
	for event, outcome := range r.Outbox {
		if outcome.Node != c.Node {
			return fmt.Errorf("the ledger of node %q holds the outcome of event %d on node %q, which is not its own to report: %s",
				c.Node, event, outcome.Node, beginAnew)
		}
	}
	return nil
}

// beginAnew says what helps when there is no better ledger.
const beginAnew = "if there is no other, move it away and start again: the node then finds out from the cluster what it had not yet notified"

func idOf(cluster string) string {
	if cluster == "" {
		return "unknown"
	}
	return cluster
}
