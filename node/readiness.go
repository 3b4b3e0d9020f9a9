package node

import (
	"fmt"
	"time"

	"tocsin/api"
)

const (
	// maxSilence is how long ago the leader may have been heard.
	maxSilence = 3 * time.Second
	// maxBehind is how many committed entries may wait to be applied.
	maxBehind = 1024
	// maxLate is how late checks may be, if the interval is not longer.
	maxLate = 10 * time.Second
)

// Readiness implements server.Health. It answers from memory, without a lock and
// without asking anybody.
func (n *Node) Readiness() api.Readiness {
	leader, known := n.Leader()
	view := n.machine.View()
	r := api.Readiness{
		Node: n.cfg.Name, Leader: leader.Node,
		Index: n.raft.Applied(), CommitIndex: n.raft.Committed(),
		Problems: []string{},
	}
	problem := func(format string, args ...any) { r.Problems = append(r.Problems, fmt.Sprintf(format, args...)) }

	if err := n.machine.Err(); err != nil {
		problem("%v", err)
	}
	if trouble := n.raft.Trouble(); trouble != "" {
		problem("%s", trouble)
	}
	switch {
	case n.removed.Load():
		problem("this node was taken out of the cluster")
	case n.registered() == nil:
		problem("%s", unregistered(n.out.Identity.Cluster != "", known))
	}
	switch {
	case !known:
		problem("there is no leader: fewer than a majority of the voters can talk to each other, or an election is under way")
	case !n.raft.Leads() && time.Since(n.raft.LeaderHeard()) > maxSilence:
		problem("the leader %s was last heard %v ago: this node is cut off, or the leader is", leader.Node, time.Since(n.raft.LeaderHeard()).Round(time.Second))
	}
	if behind := int64(r.CommitIndex) - int64(r.Index); behind > maxBehind {
		problem("%d committed entries are not applied yet: this node is behind", behind)
	}
	if q, observers := view.Settings().Quorum, view.ObserverCount(); int(q) > observers && observers > 0 {
		problem("the quorum of %d is more than the %d nodes of the cluster: nothing can be decided until more join", q, observers)
	}
	if n.awaitsVote() && !n.removed.Load() {
		problem("this node is not a voter yet: it becomes one when it has caught up")
	}
	if n.registered() != nil && !n.alive(n.cfg.Name) {
		problem("this node's own ballot is stale: its checker stands still")
	}
	if reason := n.doubter.Reason(); reason != "" {
		problem("this node abstains, so its votes are UNKNOWN: %s", reason)
	}
	if n.gossip.HasLeft() && !n.removed.Load() {
		problem("this node has left the gossip, so it hears nobody and nobody hears it: start it again")
	}
	checks := n.verifier.Progress()
	if checks.Stuck > 0 {
		problem("%d checks have not come back long after their deadline: look at the scripts, and at what they wait for", checks.Stuck)
	}
	if late := checks.Lateness; late > max(maxLate, time.Duration(view.Settings().Interval)) {
		problem("checks are %v late: the scripts are too slow for the interval, or --max-checks is too small", late.Round(time.Second))
	}
	if notifier := n.notifier.Load(); notifier != nil {
		s := notifier.Status()
		r.Notifications = &s
		if s.Stuck != "" {
			problem("notifications: %s", s.Stuck)
		}
	}
	r.Concerns = n.concerns(time.Now())
	for _, c := range r.Concerns {
		if c.Grave {
			r.Problems = append(r.Problems, c.String())
		} else {
			r.Warnings = append(r.Warnings, c.String())
		}
	}
	if n.room.little() {
		r.Warnings = append(r.Warnings, roomWarning)
	}
	for _, w := range n.Warnings() {
		r.Warnings = append(r.Warnings, w.Text)
	}
	r.Ready = len(r.Problems) == 0
	return r
}

// unregistered says why a node is not registered. Who is a member already has all of
// the cluster's state on its disk, and must not be taken for one that has nothing to
// lose.
func unregistered(member, led bool) string {
	switch {
	case !member:
		return "this node is not registered with a cluster yet"
	case !led:
		return "this node is a member of its cluster, whose state is on its disk, and waits for a leader to take it in again: start the other members, and leave its data directory as it is"
	}
	return "this node is a member of its cluster, whose state is on its disk, and the leader has not taken it in again since its start: its log says why; leave its data directory as it is"
}
