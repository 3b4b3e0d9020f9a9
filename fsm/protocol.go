package fsm

import (
	"fmt"
	"strings"
)

// Protocol numbers what can be said in the replicated log: the kinds of
// commands, their fields, and with them what a snapshot can hold. While a
// cluster is upgraded node by node, builds of two numbers share one log, and
// each entry says by its first byte which number it takes to read it.
//
// Every observer has registered with the highest protocol that its process
// reads. The lowest of these is the protocol of the cluster (View.Protocol):
// no entry of a higher one is proposed, and if one comes all the same, because
// an older node came in between, every node passes over it without reading it.
// The highest that an applied entry took is in use (View.ProtocolInUse). From
// then on nobody comes in who does not read it, for the log and the snapshots
// hold it. As long as a protocol is not in use, its nodes can go back to an
// older build.
//
// What an entry means is written in the entry: a command that is to be applied
// in another way than before says so in a field, and that field has a protocol.
type Protocol int

// Newest is the highest protocol that this build reads and writes.
const Newest Protocol = 1

// maxProtocol bounds the first byte of an entry: what is beyond is damage, as is
// the bracket that should come behind it.
const maxProtocol Protocol = '[' - 1

// since is the table of what came with which protocol: it returns the first one
// in which c can be said, as it stands with the fields that it uses. A new
// kind, and a new field of an old kind, gets its row here, and Newest goes up
// once for all that one release adds.
func since(c Command) Protocol {
	switch c.(type) {
	case Found, ChangeSettings, SetEndpoint, DeleteEndpoint, DeclareEndpoints, RegisterObserver, RemoveObserver, PreferVoter, RestoreConfiguration, Transition, RecordOutcome, CreateToken, RevokeToken, RetryNotification, AckNotification,
		PauseEndpoints, ResumeEndpoints, SetWindow, DeleteWindow, ForgetEnded, ForceState:
		return 1
	}
	return maxProtocol + 1 // it has no row: nobody can say it
}

// Protocol returns the highest protocol that every observer reads: what may be
// said. It is never lower than what is in use.
func (v *View) Protocol() Protocol { return v.protocol }

// ProtocolInUse returns the highest protocol that was ever said: a build that
// does not read it can't be part of the cluster any more.
func (v *View) ProtocolInUse() Protocol { return v.inUse }

// lowestProtocol returns what all of the observers read, and inUse if there are
// none. Nobody is an observer who reads less than what is in use.
func lowestProtocol(inUse Protocol, observers []*Observer) Protocol {
	if len(observers) == 0 {
		return inUse
	}
	lowest := maxProtocol
	for _, o := range observers {
		lowest = min(lowest, o.Reads())
	}
	return lowest
}

// withhold says who can't read what takes this protocol, nil if all can.
func (v *View) withhold(what string, takes Protocol) *Refusal {
	if takes <= v.protocol {
		return nil
	}
	var behind []string
	more := 0
	for o := range v.Observers() {
		switch {
		case o.Reads() >= takes:
		case len(behind) == behindNamed:
			more++
		case o.Version == "":
			behind = append(behind, fmt.Sprintf("%s (protocol %d)", o.Node, o.Reads()))
		default:
			behind = append(behind, fmt.Sprintf("%s (version %s, protocol %d)", o.Node, o.Version, o.Reads()))
		}
	}
	if more > 0 {
		behind = append(behind, fmt.Sprintf("%d more", more))
	}
	if len(behind) == 0 {
		behind = append(behind, "every node that is to come: none has registered yet")
	}
	return refuse(Conflict, "%s takes protocol %d, and can't be read by %s: upgrade what is older, or take out what is gone for good (tocsin cluster remove-peer NAME), and ask again; nothing was done", what, takes, strings.Join(behind, ", "))
}

// behindNamed bounds how many nodes one message names.
const behindNamed = 5

// admits says why a process that reads no more than that can't be taken in, nil
// if it can.
func (v *View) admits(node, version string, reads Protocol) *Refusal {
	if reads >= v.inUse {
		return nil
	}
	if version != "" {
		version = " (version " + version + ")"
	}
	return refuse(TooOld, "node %q%s reads the log up to protocol %d, and the cluster uses protocol %d already: install the version of the other nodes there and start it again; nothing is lost", node, version, reads, v.inUse)
}

// Reads returns the highest protocol that the observer's process reads. Who
// says none reads the first one.
func (o *Observer) Reads() Protocol { return max(o.Protocol, 1) }
