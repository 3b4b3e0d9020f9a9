package clustertest

import (
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// patience is how long Await waits, in virtual time.
const patience = 3 * time.Minute

// Await waits until what is described holds, and fails the test when it does
// not hold within three virtual minutes.
func (c *Cluster) Await(what string, holds func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		synctest.Wait()
		if holds() {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("waited %v in vain until: %s\n%s", patience, what, c.report())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Never fails the test when what is described comes to hold within d.
func (c *Cluster) Never(d time.Duration, what string, holds func() bool) {
	c.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		synctest.Wait()
		if holds() {
			c.t.Fatalf("it must not be, but it is so: %s\n%s", what, c.report())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Set adds or changes an endpoint, through any node that is up.
func (c *Cluster) Set(key, value string) {
	c.t.Helper()
	c.Propose(fsm.SetEndpoint{Key: key, Value: value})
}

// Delete removes an endpoint, through any node that is up.
func (c *Cluster) Delete(key string) {
	c.t.Helper()
	c.Propose(fsm.DeleteEndpoint{Key: key})
}

// Propose commits one command through the first node that is up. It waits for a
// leader, and fails the test when the command is refused.
func (c *Cluster) Propose(command fsm.Command) {
	c.t.Helper()
	c.Await(fmt.Sprintf("%+v is committed", command), func() bool {
		results, err := c.Node(c.Up()[0]).Propose(c.t.Context(), command)
		if err != nil {
			return false
		}
		if r := results[0].Refused; r != nil {
			c.t.Fatalf("%+v was refused: %v", command, r)
		}
		return true
	})
}

// AwaitState waits until every node that is up holds that state.
func (c *Cluster) AwaitState(key string, state health.Status) {
	c.t.Helper()
	c.Await(fmt.Sprintf("%s is %v on every node", key, state), func() bool {
		return !slices.ContainsFunc(c.Up(), func(name string) bool { return c.StateOn(name, key) != state })
	})
}

// StateOn returns the state that one node holds, UNKNOWN without the endpoint.
func (c *Cluster) StateOn(name, key string) health.Status {
	if e, ok := c.Node(name).View().Endpoint(key); ok {
		return e.State
	}
	return health.Unknown
}

// AwaitNotified waits until the newest run on each of the nodes is for that
// status and has ended.
func (c *Cluster) AwaitNotified(key string, to health.Status, names ...string) {
	c.t.Helper()
	c.Await(fmt.Sprintf("%v were told that %s is %v", names, key, to), func() bool {
		for _, name := range names {
			runs := c.Scripts.Of(name, key)
			if len(runs) == 0 || runs[len(runs)-1].To != to || !runs[len(runs)-1].Ended {
				return false
			}
		}
		return true
	})
}

func (c *Cluster) voters() []string {
	var names []string
	for _, name := range c.Up() {
		servers, err := c.Node(name).RaftServers()
		if err != nil {
			continue
		}
		for _, s := range servers {
			if s.Voter && !slices.Contains(names, s.Node) {
				names = append(names, s.Node)
			}
		}
	}
	return names
}

func (c *Cluster) allReady() bool {
	return !slices.ContainsFunc(c.Up(), func(name string) bool { return !c.Node(name).Readiness().Ready })
}

func (c *Cluster) settings() fsm.ClusterSettings {
	for _, name := range c.Up() {
		if s := c.Node(name).View().Settings(); s.MaxVoters > 0 {
			return s
		}
	}
	return fsm.DefaultClusterSettings()
}

// report says for each node what it makes of the cluster.
func (c *Cluster) report() string {
	var report strings.Builder
	for _, m := range c.members {
		if m.node == nil {
			report.WriteString(m.name + ": down\n")
			continue
		}
		r := m.node.Readiness()
		report.WriteString(fmt.Sprintf("%s: leader %q, index %d, ready %v %q\n", m.name, r.Leader, r.Index, r.Ready, r.Problems))
		for e := range m.node.View().Endpoints("") {
			report.WriteString(fmt.Sprintf("    %s=%s %v after %d events\n", e.Key, e.Value, e.State, e.Sequence))
		}
	}
	return report.String()
}
