package notify

// Change is what a Notifier that runs takes anew; the fields are those of
// Config.
type Change struct {
	MaxRunning int
	Missed     Policy
}

// Change takes effect with the next turn. Scripts that run beyond a smaller
// MaxRunning come to their ends, and no other starts meanwhile. Missed counts
// for the gaps that are found from then on. It never blocks.
func (n *Notifier) Change(c Change) {
	n.change.Store(&c)
	select {
	case n.changed <- struct{}{}:
	default: // it will look anyway
	}
}

// heedChange takes what Change was given last.
func (o *owner) heedChange() {
	if c := o.change.Swap(nil); c != nil {
		with := Config{MaxRunning: c.MaxRunning, Missed: c.Missed}.withDefaults()
		o.config.MaxRunning, o.config.Missed = with.MaxRunning, with.Missed
	}
}
