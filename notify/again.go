package notify

// heedRetries takes in what this node has given up and somebody wants to be run
// again. It looks at what is asked for and not yet answered, however often: what
// a lost ledger forgets is found again.
func (o *owner) heedRetries() {
	self, known := o.view.Observer(o.config.Node)
	if !known {
		return
	}
	for ended := range o.view.AwaitingRetry() {
		if ended.Node != o.config.Node || ended.Event <= self.Joined {
			continue
		}
		e, kept := o.view.Event(ended.Event)
		_, open := o.open[ended.Event]
		_, unreported := o.outbox.letters[ended.Event]
		if !kept || open || unreported {
			continue
		}
		o.log.Info("runs what was given up again: somebody has asked for it", "event", e.ID, "key", e.Key, "to", e.To, "attempt", ended.Attempt, "index", ended.RetryAsked)
		o.add(Entry{
			Event: e.ID, Key: e.Key, Stage: Waiting,
			Attempt: ended.Attempt, Before: ended.Attempt, Retry: ended.RetryAsked,
		}, e)
		o.review(e.Key)
	}
}
