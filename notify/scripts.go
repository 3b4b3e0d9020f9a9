package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/script"
)

// Scripts is the Runner of a real node: it runs files of the scripts directory.
// It may be used by many goroutines at once.
//
// A script is run as SCRIPT ROLE KEY VALUE STATUS, with the TOCSIN_ variables of
// the notification contract in its environment and, on its standard input, one
// JSON object: the event with the fields that the API gives it (id, key, value,
// generation, sequence, from, to, time, leader, term, quorum, and votes, the
// evidence), and beside them
//
//	status           UP or DOWN, the same as to
//	previous_status  the same as from
//	role             leader or follower: what this node is now
//	cluster          the id of the cluster: event ids are of one cluster
//	node, site       where the script runs
//	attempt          1, or more when it was tried before
//	votes_up, votes_down, votes_unknown
//	events_missed    how many events of this endpoint, before this one, passed
//	                 this node by; -1 if there may be some and nobody knows how
//	                 many (TOCSIN_EVENTS_MISSED says unknown then)
//
// Events are missed when the node was away for longer than the cluster keeps
// them, or has lost its ledger. When even the event itself is kept no more, the
// script is told what the endpoint's record says: leader is empty, and votes
// are none.
//
// The id is a fencing number: a script that remembers the highest it has acted
// on in this cluster can refuse an older one.
type Scripts struct{ dir *script.Dir }

// NewScripts returns a Runner for the scripts in dir.
func NewScripts(dir *script.Dir) *Scripts { return &Scripts{dir: dir} }

// Run implements Runner.
func (s *Scripts) Run(ctx context.Context, job Job) script.Result {
	command, err := s.dir.Command(job.Script)
	if err != nil {
		return script.Result{ExitCode: -1, StartErr: err}
	}
	stdin, err := json.Marshal(messageOf(job))
	if err != nil {
		return script.Result{ExitCode: -1, StartErr: fmt.Errorf("encode event %d for the script: %w", job.Event.ID, err)}
	}
	e := job.Event
	command.Args = []string{string(job.Role), e.Key, e.Value, e.To.String()}
	command.Env, command.Stdin, command.Timeout = environment(job), append(stdin, '\n'), job.Timeout
	return script.Run(ctx, command)
}

// message is what a script reads on its standard input.
type message struct {
	*fsm.Event
	Status         health.Status `json:"status"`
	PreviousStatus health.Status `json:"previous_status"`
	Role           fsm.Role      `json:"role"`
	Cluster        string        `json:"cluster"`
	Node           string        `json:"node"`
	Site           string        `json:"site"`
	Attempt        int           `json:"attempt"`
	VotesUp        int           `json:"votes_up"`
	VotesDown      int           `json:"votes_down"`
	VotesUnknown   int           `json:"votes_unknown"`
	EventsMissed   int           `json:"events_missed"`
}

func messageOf(job Job) message {
	up, down, unknown := fsm.Tally(job.Event.Votes)
	return message{
		Event: job.Event, Status: job.Event.To, PreviousStatus: job.Event.From,
		Role: job.Role, Cluster: job.Cluster, Node: job.Node, Site: job.Site, Attempt: job.Attempt,
		VotesUp: up, VotesDown: down, VotesUnknown: unknown, EventsMissed: job.Missed,
	}
}

func environment(job Job) []string {
	m := messageOf(job)
	missed := "unknown"
	if job.Missed != fsm.MissedUnknown {
		missed = strconv.Itoa(job.Missed)
	}
	return script.Environment(
		"TOCSIN_EVENT_ID="+strconv.FormatUint(m.ID, 10),
		"TOCSIN_KEY="+m.Key,
		"TOCSIN_VALUE="+m.Value,
		"TOCSIN_STATUS="+m.Status.String(),
		"TOCSIN_PREVIOUS_STATUS="+m.PreviousStatus.String(),
		"TOCSIN_ROLE="+string(m.Role),
		"TOCSIN_CLUSTER="+m.Cluster,
		"TOCSIN_NODE="+m.Node,
		"TOCSIN_SITE="+m.Site,
		"TOCSIN_ATTEMPT="+strconv.Itoa(m.Attempt),
		"TOCSIN_EVENT_TIME="+m.Time.UTC().Format(time.RFC3339Nano),
		"TOCSIN_VOTES_UP="+strconv.Itoa(m.VotesUp),
		"TOCSIN_VOTES_DOWN="+strconv.Itoa(m.VotesDown),
		"TOCSIN_VOTES_UNKNOWN="+strconv.Itoa(m.VotesUnknown),
		"TOCSIN_EVENTS_MISSED="+missed,
	)
}
