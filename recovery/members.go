package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/api"
	"tocsin/datadir"
)

const (
	// dialTimeout and askTimeout bound how long one member is waited for.
	dialTimeout  = 2 * time.Second
	askTimeout   = 5 * time.Second
	maxReadiness = 1 << 20
)

// members are all who belong to a cluster, as a survivor knows them.
type members struct {
	self    string
	servers map[string]raft.Server
	http    map[string]string // where each can be asked
	names   []string          // of all, in order
	last    uint64            // what this node's disk reaches
}

func membersOf(r datadir.Replayed, self string) members {
	m := members{self: self, last: r.Last, servers: map[string]raft.Server{}, http: map[string]string{}}
	for o := range r.Machine.View().Observers() {
		m.servers[o.Node] = raft.Server{Suffrage: raft.Nonvoter, ID: raft.ServerID(o.Node), Address: raft.ServerAddress(o.Raft)}
		m.http[o.Node] = o.HTTP
	}
	for _, s := range r.Servers {
		m.servers[string(s.ID)] = s
	}
	for name := range m.servers {
		m.names = append(m.names, name)
	}
	slices.Sort(m.names)
	return m
}

// allows says why these can't be named as the dead, nil if they can.
func (m members) allows(dead []string) error {
	if len(dead) == 0 {
		return fmt.Errorf("--dead: name the nodes that are lost for good; the members are %s, and %s has all up to entry %d", strings.Join(m.names, ", "), m.self, m.last)
	}
	for _, name := range dead {
		switch _, known := m.servers[name]; {
		case name == m.self:
			return fmt.Errorf("--dead: %s is the node whose data these are", name)
		case !known:
			return fmt.Errorf("--dead: there is no node %q; the members are %s", name, strings.Join(m.names, ", "))
		}
	}
	var voters, left []string
	for _, name := range m.names {
		if m.servers[name].Suffrage == raft.Voter {
			voters = append(voters, name)
			if !slices.Contains(dead, name) {
				left = append(left, name)
			}
		}
	}
	if len(left) > len(voters)/2 {
		return fmt.Errorf("no majority is lost: without the dead there are still %s, which are %d of %d voters: start them, and take the dead out with \"tocsin cluster remove-peer NAME\"", strings.Join(left, ", "), len(left), len(voters))
	}
	return nil
}

// survivors returns the members that are neither dead nor this one.
func (m members) survivors(dead []string) []string {
	return slices.DeleteFunc(slices.Clone(m.names), func(name string) bool {
		return name == m.self || slices.Contains(dead, name)
	})
}

// configuration makes this node the only voter, so that it needs nobody.
func (m members) configuration(survivors []string) raft.Configuration {
	self := m.servers[m.self]
	self.Suffrage = raft.Voter
	c := raft.Configuration{Servers: []raft.Server{self}}
	for _, name := range survivors {
		s := m.servers[name]
		s.Suffrage = raft.Nonvoter
		c.Servers = append(c.Servers, s)
	}
	return c
}

// ask asks all other members, and says who of them contradicts, or can't be
// asked though somebody is there: only who is out of reach may be passed over.
func (m members) ask(ctx context.Context, others asker, dead []string) error {
	for _, name := range m.names {
		address := m.http[name]
		if name == m.self || address == "" {
			continue
		}
		answer, err := others.readinessOf(ctx, address)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := contradiction(name, slices.Contains(dead, name), answer, err); err != nil {
			return fmt.Errorf("%s at %s: %w", name, address, err)
		}
	}
	return nil
}

// contradiction says why nothing is to be recovered after this answer of a
// member, or this error in its place; nil if it does not matter.
func contradiction(name string, dead bool, answer api.Readiness, err error) error {
	switch {
	case errors.Is(err, errSilent):
		return nil
	case errors.Is(err, errSecret):
		return fmt.Errorf("%w: give --tls with the directory that the agent is given, for without it nobody can tell whether a majority is there", err)
	case dead && err != nil:
		return fmt.Errorf("it is said to be dead, but something answers: %w: stop it for good, or recover without this", err)
	case dead && answer.Node == name:
		return errors.New("it is said to be dead, but it answers: with it there may be a majority; stop it for good, or recover without this")
	case errors.Is(err, errForeign):
		return nil
	case err != nil:
		return fmt.Errorf("%w: stop it, or name it in --dead once it is gone: it may know a leader", err)
	case answer.Node == name && answer.Leader != "":
		return fmt.Errorf("it says that %s leads: a majority is there, and nothing is to be recovered", answer.Leader)
	}
	return nil
}
