package gossipdb

// presence is who was last logged to be heard, by name.
type presence map[string]struct{}

// logPresence tells the log who has come and who has gone since known, once.
func (g *Gossip) logPresence(known presence) {
	for _, m := range g.roster.list() {
		_, before := known[m.Name]
		switch {
		case m.Name == g.config.Node || m.Alive == before:
		case m.Alive:
			known[m.Name] = struct{}{}
			g.config.Logger.Info("a node is heard in the gossip", "peer", m.Name, "address", m.Address)
		default:
			delete(known, m.Name)
			g.config.Logger.Warn("a node is not heard in the gossip any more", "peer", m.Name, "address", m.Address)
		}
	}
}
