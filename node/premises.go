package node

// Room implements api.Premises.
func (n *Node) Room() (bytes uint64, known, little bool) {
	room := n.room.Load()
	if room == nil {
		return 0, false, false
	}
	return *room, true, n.littleRoom.Load()
}

// Canaries implements api.Premises.
func (n *Node) Canaries() (count int, silent bool) { return n.canaries.Count(), n.canaries.Silent() }
