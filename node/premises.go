package node

// Room implements server.Premises.
func (n *Node) Room() (bytes uint64, known, little bool) {
	left := n.room.known()
	if left == nil {
		return 0, false, false
	}
	return *left, true, n.room.little()
}

// Canaries implements server.Premises.
func (n *Node) Canaries() (count int, silent bool) { return n.canaries.Count(), n.canaries.Silent() }
