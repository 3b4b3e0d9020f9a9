package check_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/clustertest/check"
	"tocsin/fsm"
	"tocsin/health"
)

const second = time.Second

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// good is a history that keeps every promise: three nodes come up, one endpoint
// is added, is UP, goes DOWN, and every node runs its script once. Tests spoil
// a fresh one.
func good() *check.History {
	nodes := []string{"n1", "n2", "n3"}
	h := &check.History{Epoch: epoch, Sites: map[string]string{}}
	settings := settings(fsm.ShareOff)
	commit := func(at time.Duration, commands ...fsm.Command) uint64 { return commit(h, at, commands...) }
	h.Log = append(h.Log, check.Entry{Index: 1, Term: 1, At: 0, Voters: nodes})
	commit(second, fsm.Found{ClusterID: "c", Settings: settings})
	reach := map[check.Pair]bool{}
	var observers []*fsm.Observer
	for _, node := range nodes {
		h.Sites[node] = ""
		joined := commit(second, fsm.RegisterObserver{Node: node})
		observers = append(observers, &fsm.Observer{Node: node, Joined: joined, Epoch: joined})
		h.Lives = append(h.Lives, check.Life{Node: node, Number: 1, Fresh: true, Epoch: joined})
		h.Ready = append(h.Ready, check.Ready{Node: node, Ready: true, At: 2 * second})
		for _, other := range nodes {
			if other != node {
				reach[check.Pair{From: node, To: other}] = true
			}
		}
	}
	h.Links = []check.Links{{At: 0, Reach: reach}}
	h.Terms = []check.Term{{Node: "n1", Number: 2, At: second}}
	set := fsm.SetEndpoint{Key: "db", Value: "db-1"}
	generation := commit(3*second, set)
	h.Writes = []check.Write{{Client: 1, Node: "n2", Command: set, From: 3*second - 1, To: 3*second + 1, Index: generation, Changed: true}}

	event := func(at time.Duration, from, to health.Status, sequence uint64) *fsm.Event {
		e := &fsm.Event{
			ID: commit(at, fsm.Transition{Key: "db"}), Key: "db", Value: "db-1", Generation: generation, Sequence: sequence,
			From: from, To: to, Baseline: sequence == 1, Time: epoch.Add(at), Leader: "n1", Term: 2, Quorum: 2,
		}
		for _, node := range nodes {
			e.Votes = append(e.Votes, fsm.Vote{Node: node, Verdict: to, Age: fsm.Duration(second / 10)})
		}
		h.Events = append(h.Events, check.Event{Event: e, At: at, Observers: observers, Settings: settings.Settings, TTL: settings.BallotTTL()})
		for _, node := range nodes {
			h.Seen = append(h.Seen, check.Seen{Node: node, Life: 1, Event: e, At: at})
			h.Applied = append(h.Applied, check.Applied{Node: node, Life: 1, Index: e.ID, At: at})
		}
		return e
	}
	event(30*second, health.Unknown, health.Up, 1)
	for _, node := range nodes {
		h.Sights = append(h.Sights, check.Sight{Node: node, Target: "db-1", Status: health.Down, At: 60 * second})
	}
	down := event(64*second, health.Up, health.Down, 2)
	for i, node := range nodes {
		role := fsm.Follower
		if i == 0 {
			role = fsm.Leader
		}
		h.Runs = append(h.Runs, check.Run{Node: node, Life: 1, Event: down.ID, Key: "db", To: health.Down, Role: role, Attempt: 1, From: 64 * second, End: 65 * second})
		h.Endings = append(h.Endings, check.Ending{Node: node, Life: 1, Event: down.ID, Key: "db", Ending: fsm.Done, Role: role, Attempt: 1, At: 65 * second})
	}
	h.Well = []check.Span{{From: 0, To: 10 * time.Minute}}
	h.Final = check.Final{
		At: 10 * time.Minute, States: map[string]string{"n1": "s", "n2": "s", "n3": "s"}, Replayed: "s",
		Truth:     map[string]health.Status{"db-1": health.Down},
		Endpoints: []*fsm.Endpoint{{Key: "db", Value: "db-1", State: health.Down}},
	}
	return h
}

// settings are those of good, with a brake.
func settings(brake fsm.Share) fsm.ClusterSettings {
	s := fsm.DefaultClusterSettings()
	s.Interval, s.Cooldown, s.Brake = fsm.Duration(second), 0, brake
	return s
}

func TestViolations_NoneInAGoodHistory(t *testing.T) {
	for _, v := range check.Violations(good()) {
		t.Error(v)
	}
}

func TestViolations_OfSpoiledHistories(t *testing.T) {
	for _, test := range []struct {
		what      string
		invariant int // 0 if it is no violation after all
		spoil     func(h *check.History)
	}{
		{"two nodes apply different entries", 1, func(h *check.History) { h.Conflicts = []string{"at index 7"} }},
		{"a node shows another event", 1, func(h *check.History) {
			other := *last(h)
			other.To = health.Up
			h.Seen[len(h.Seen)-1].Event = &other
		}},
		{"a node shows events out of order", 1, func(h *check.History) { h.Seen = append(h.Seen, h.Seen[0]) }},
		{"an event is missing", 2, func(h *check.History) { last(h).Sequence = 3 }},
		{"an event is double", 2, func(h *check.History) { last(h).From, last(h).To = health.Down, health.Up }},
		{"a second baseline", 2, func(h *check.History) { last(h).Baseline = true }},
		{"too few votes", 3, func(h *check.History) { last(h).Votes[0].Excluded, last(h).Votes[1].Excluded = "stale", "stale" }},
		{"a quorum of those who are heard", 3, func(h *check.History) { last(h).Votes = last(h).Votes[:1] }},
		{"a stale vote", 3, func(h *check.History) { last(h).Votes[0].Age = fsm.Duration(time.Minute) }},
		{"a vote from before the term", 3, func(h *check.History) { h.Terms[0].At = 64 * second }},
		{"a vote of a node that is down", 3, func(h *check.History) {
			h.Lives[1].To, h.Lives[1].Killed = 40*second, true
		}},
		{"a vote of a node that died just before", 0, func(h *check.History) {
			h.Lives[1].To, h.Lives[1].Killed = 62*second, true
		}},
		{"a vote from before the endpoint", 3, func(h *check.History) { h.Events[0].Votes[1].Age = fsm.Duration(28 * second) }},
		{"a vote for what nobody saw", 4, func(h *check.History) { h.Sights = h.Sights[1:] }},
		{"DOWN is not decided", 5, func(h *check.History) { h.Events = h.Events[:1] }},
		{"DOWN is not decided, but nothing was promised", 0, func(h *check.History) { h.Well = nil }},
		{"an event vanishes on a node", 6, func(h *check.History) { h.Endings = h.Endings[1:] }},
		{"an event vanishes on a node, in a gap", 0, func(h *check.History) {
			h.Endings = h.Endings[1:]
			h.Gaps = []check.Gap{{Node: "n1", After: last(h).ID - 1, Before: last(h).ID + 1}}
		}},
		{"done without a run", 6, func(h *check.History) { h.Runs = h.Runs[1:] }},
		{"done after a run that failed", 6, func(h *check.History) { h.Runs[0].Exit = 1 }},
		{"only followers ran it", 6, func(h *check.History) {
			h.Runs[0].Role, h.Endings[0].Role = fsm.Follower, fsm.Follower
		}},
		{"a leader gave it up", 0, func(h *check.History) {
			h.Runs[0].Exit, h.Endings[0].Ending = 1, fsm.GaveUp
		}},
		{"only followers ran it, and not long ago", 0, func(h *check.History) {
			h.Runs[0].Role, h.Endings[0].Role = fsm.Follower, fsm.Follower
			h.Final.At = 3 * time.Minute
		}},
		{"the newest is superseded", 6, func(h *check.History) { h.Endings[0].Ending = fsm.Superseded }},
		{"an older event is run later", 7, func(h *check.History) { again(h, func(r *check.Run) { r.Event = 1 }) }},
		{"two runs overlap", 7, func(h *check.History) { again(h, func(r *check.Run) { r.From = 64*second + 1 }) }},
		{"what was done is run again", 8, func(h *check.History) { again(h, func(*check.Run) {}) }},
		{"what was cut short is run again", 0, func(h *check.History) {
			again(h, func(*check.Run) {})
			h.Runs[1].Cut = true
		}},
		{"what was done is run again after an attempt that nobody saw", 8, func(h *check.History) {
			again(h, func(r *check.Run) { r.Attempt = 3 })
		}},
		{"what was done is run again after its node led, and died before it told", 0, func(h *check.History) {
			again(h, func(r *check.Run) { r.Attempt, r.Life, r.From, r.End = 3, 2, 70*second, 71*second })
			h.Terms = append(h.Terms, check.Term{Node: "n2", Number: 3, At: 66 * second})
			h.Lives[1].To, h.Lives[1].Killed = 67*second, true
			h.Lives = append(h.Lives, check.Life{Node: "n2", Number: 2, From: 68 * second, Epoch: h.Lives[1].Epoch})
		}},
		{"what was done as follower is run as leader", 0, func(h *check.History) { again(h, func(r *check.Run) { r.Role = fsm.Leader }) }},
		{"what was given up is run again", 8, func(h *check.History) {
			again(h, func(*check.Run) {})
			h.Runs[1].Exit, h.Endings[1].Ending = 1, fsm.GaveUp
		}},
		{"what was given up is run again because somebody asked", 0, func(h *check.History) {
			again(h, func(*check.Run) {})
			h.Runs[1].Exit, h.Endings[1].Ending = 1, fsm.GaveUp
			asks(h, "n2")
		}},
		{"what was given up is run again because somebody asked another node", 8, func(h *check.History) {
			again(h, func(*check.Run) {})
			h.Runs[1].Exit, h.Endings[1].Ending = 1, fsm.GaveUp
			asks(h, "n3")
		}},
		{"what somebody asked for is run after a newer event", 7, func(h *check.History) {
			again(h, func(r *check.Run) { r.Event = 1 })
			asks(h, "n2")
		}},
		{"an attempt has the number of another", 8, func(h *check.History) {
			again(h, func(r *check.Run) { r.Attempt = 1 })
			h.Runs[1].Cut = true
		}},
		{"a new node runs history", 9, func(h *check.History) {
			h.Log[3], h.Lives[1].Epoch = check.Entry{Index: 4, Term: 2, At: second}, last(h).ID
			h.Log[last(h).ID-1].Commands = append(h.Log[last(h).ID-1].Commands, fsm.RegisterObserver{Node: "n2"})
		}},
		{"a leader without a quorum commits", 10, func(h *check.History) {
			h.Links = append(h.Links, check.Links{At: 40 * second, Reach: map[check.Pair]bool{{From: "n1", To: "n2"}: true}})
		}},
		{"a leader without a quorum commits, and the next one says that it leads", 10, func(h *check.History) {
			h.Links = append(h.Links, check.Links{At: 40 * second, Reach: map[check.Pair]bool{{From: "n1", To: "n2"}: true}})
			h.Log = append(h.Log, check.Entry{Index: uint64(len(h.Log) + 1), Term: 3, At: 80 * second})
			h.Terms = append(h.Terms, check.Term{Node: "n1", Number: 3, At: 80 * second})
		}},
		{"one that is being stopped, and says nothing any more, commits what it was left", 0, func(h *check.History) {
			h.Links = append(h.Links, check.Links{At: 40 * second, Reach: map[check.Pair]bool{{From: "n1", To: "n2"}: true}})
			h.Ready = nil
			h.Log = append(h.Log, check.Entry{Index: uint64(len(h.Log) + 1), Term: 3, At: 80 * second})
		}},
		{"an acknowledged write is lost", 11, func(h *check.History) { h.Log[h.Writes[0].Index-1].Commands = nil }},
		{"an answer contradicts another", 11, func(h *check.History) {
			h.Log = append(h.Log, check.Entry{Index: uint64(len(h.Log) + 1), Term: 2, At: 80 * second, Commands: []fsm.Command{fsm.DeleteEndpoint{Key: "db"}}})
			h.Writes = append(h.Writes, check.Write{
				Client: 1, Node: "n1", Command: fsm.DeleteEndpoint{Key: "db"}, From: 80 * second, To: 81 * second,
				Index: uint64(len(h.Log)), Refused: "there is no such endpoint",
			})
		}},
		{"a write that was refused is in the log", 11, func(h *check.History) {
			label(h)
			h.Writes[0].Index, h.Writes[0].Refused = 0, "not now"
		}},
		{"a write that was reported as not done is in the log", 11, func(h *check.History) {
			label(h)
			h.Writes[0].Index, h.Writes[0].Err = 0, "there is no leader"
		}},
		{"a write is in the log twice", 11, func(h *check.History) {
			set := label(h)
			h.Log = append(h.Log, check.Entry{Index: uint64(len(h.Log) + 1), Term: 2, At: 80 * second, Commands: []fsm.Command{set}})
		}},
		{"a write that was given up is in the log", 0, func(h *check.History) {
			h.Writes[0].Err, h.Writes[0].Uncertain = "nobody knows", true
		}},
		{"a paused endpoint changes", 19, func(h *check.History) { pause(h, "", 0) }},
		{"it changes before the pause is over", 19, func(h *check.History) { pause(h, "d", 65*second) }},
		{"it changes when the pause is over", 0, func(h *check.History) { pause(h, "d", 64*second) }},
		{"it changes while another is paused", 0, func(h *check.History) { pause(h, "web", 0) }},
		{"it changes when the pause was taken back", 0, func(h *check.History) {
			pause(h, "d", 0)
			h.Log[6].Commands = append(h.Log[6].Commands, fsm.ResumeEndpoints{Scope: fsm.Scope{Prefix: "d"}})
		}},
		{"another pause is taken back, and it changes", 19, func(h *check.History) {
			pause(h, "d", 0)
			h.Log[6].Commands = append(h.Log[6].Commands, fsm.ResumeEndpoints{})
		}},
		{"a paused endpoint is set by hand, and nobody votes", 0, func(h *check.History) {
			pause(h, "", 0)
			last(h).Manual, last(h).Votes = &fsm.Manual{Reason: "r"}, nil
		}},
		{"it changes behind what it depends on", 20, func(h *check.History) {
			relate(h, fsm.SetEndpoint{Key: "db", Value: "db-1", Parents: &[]string{"switch"}})
		}},
		{"it changes behind what was deleted", 0, func(h *check.History) {
			relate(h, fsm.SetEndpoint{Key: "db", Value: "db-1", Parents: &[]string{"switch"}}, fsm.DeleteEndpoint{Key: "router"})
		}},
		{"it is set by hand behind what it depends on", 0, func(h *check.History) {
			relate(h, fsm.SetEndpoint{Key: "db", Value: "db-1", Parents: &[]string{"switch"}})
			byHand(h)
		}},
		{"two that depend on each other", 0, func(h *check.History) {
			relate(h, fsm.SetEndpoint{Key: "db", Value: "db-1", Parents: &[]string{"router"}}, fsm.SetEndpoint{Key: "router", Value: "r", Parents: &[]string{"db"}})
		}},
		{"more are DOWN than the brake lets", 21, func(h *check.History) { brake(h, 90) }},
		{"as many are DOWN as the brake lets", 0, func(h *check.History) { brake(h, 100) }},
		{"more are DOWN by hand than the brake lets", 0, func(h *check.History) {
			brake(h, 90)
			byHand(h)
		}},
		{"another one that is DOWN is too many", 21, func(h *check.History) {
			relate(h)
			brake(h, 60)
		}},
		{"another one that is DOWN is not too many", 0, func(h *check.History) {
			relate(h)
			brake(h, 67)
		}},
		{"it is held in the end", 0, func(h *check.History) {
			relate(h, fsm.SetEndpoint{Key: "db", Value: "db-1", Parents: &[]string{"switch"}})
			byHand(h)
			h.Final.Endpoints[0].State = health.Up
		}},
		{"a baseline is run", 12, func(h *check.History) {
			r := h.Runs[0]
			r.Event, r.From, r.End = h.Events[0].ID, 30*second, 31*second
			h.Runs = append([]check.Run{r}, h.Runs...)
		}},
		{"a deleted endpoint is run", 12, func(h *check.History) {
			index := uint64(len(h.Log) + 1)
			h.Log = append(h.Log, check.Entry{Index: index, Term: 2, At: 66 * second, Commands: []fsm.Command{fsm.DeleteEndpoint{Key: "db"}}})
			h.Applied = append(h.Applied, check.Applied{Node: "n2", Life: 1, Index: index, At: 66 * second})
			again(h, func(*check.Run) {})
		}},
		{"an event of a generation that is gone", 12, func(h *check.History) { last(h).Generation-- }},
		{"a state that does not follow from the log", 13, func(h *check.History) { h.Final.States["n2"] = "t" }},
		{"retries without a bound", 14, func(h *check.History) { retries(h, 3*attempts) }},
		{"as many retries as are allowed", 0, func(h *check.History) { retries(h, attempts-1) }},
		{"one more than are allowed", 14, func(h *check.History) { retries(h, attempts) }},
		{"one more than are allowed, for the end of one could not be written", 0, func(h *check.History) {
			retries(h, attempts)
			h.Runs[len(h.Runs)-1].Life = 2
			end := h.Runs[len(h.Runs)-2].End
			h.Ill = []check.Ill{{Node: "n2", From: end - second, To: end + 10*second, Stalls: true}}
			h.Lives[1].To = end + second/4
			h.Lives = append(h.Lives, check.Life{Node: "n2", Number: 2, From: end + second/2, Epoch: h.Lives[1].Epoch})
		}},
		{"the cluster does not converge", 15, func(h *check.History) { h.Final.Unsettled = []string{"n1 is down"} }},
		{"the state is not what is so", 15, func(h *check.History) { h.Final.Truth["db-1"] = health.Up }},
		{"a node that is cut off calls itself ready", 16, func(h *check.History) {
			h.Links = append(h.Links, check.Links{At: 100 * second, Reach: map[check.Pair]bool{
				{From: "n1", To: "n2"}: true, {From: "n2", To: "n1"}: true, {From: "n3", To: "n1"}: true,
			}})
		}},
	} {
		t.Run(test.what, func(t *testing.T) {
			h := good()
			test.spoil(h)
			var broken []string
			found := test.invariant == 0
			for _, v := range check.Violations(h) {
				broken = append(broken, fmt.Sprint(v))
				found = found || v.Invariant == test.invariant
				if h.Story(v) == "" {
					t.Errorf("there is no story of: %v", v)
				}
			}
			if !found || test.invariant == 0 && len(broken) > 0 {
				t.Errorf("want invariant %d broken, got:\n%s", test.invariant, strings.Join(broken, "\n"))
			}
		})
	}
}
