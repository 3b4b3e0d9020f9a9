package node

import (
	"context"

	"tocsin/datadir"
	"tocsin/fsm"
)

// followProtocol says when the cluster can say more than before, or less, and
// makes durable which protocol it uses, until ctx ends: an older build that is
// started on this disk is refused before it looks at the log. The identity is
// what the disk holds.
func (n *Node) followProtocol(ctx context.Context, identity datadir.Identity) error {
	first := n.machine.View()
	all, used := first.Protocol(), max(identity.Protocol, 1)
	for {
		view := n.machine.View()
		if all != view.Protocol() {
			all = view.Protocol()
			n.log.Info("what all nodes of the cluster read has changed", "protocol", int(all), "in_use", int(view.ProtocolInUse()))
		}
		if used < view.ProtocolInUse() {
			used = view.ProtocolInUse()
			identity.Protocol = used
			if err := n.out.Remember(identity); err != nil {
				// Halting at the entry is what is left.
				n.log.Warn("that the cluster uses a newer protocol could not be noted in the data directory: an older version, if it is started here, will find out only from the log", "protocol", int(used), "err", err)
			}
		}
		if n.machine.Await(ctx, func(v *fsm.View) bool { return v.Protocol() != all || v.ProtocolInUse() > used }) != nil {
			return nil // stopping
		}
	}
}
