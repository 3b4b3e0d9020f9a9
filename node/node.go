package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"tocsin/api"
	"tocsin/consensus"
	"tocsin/doubt"
	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/metrics"
	"tocsin/notify"
	"tocsin/quorum"
	"tocsin/scavenger"
	"tocsin/verify"
)

// Node is one running node. Its methods may be called from any goroutine.
type Node struct {
	cfg         Config
	out         Outside
	log         *slog.Logger
	incarnation string // drawn anew by each process
	started     time.Time
	member      atomic.Bool // the disk belongs to a member of a cluster
	founding    founding
	moved       moved
	tokensAhead bool // the log on the disk made tokens, whether they count or not; never changed after the start

	machine   *fsm.Machine
	raft      *consensus.Member
	ballots   *gossipdb.DB
	gossip    *gossipdb.Gossip
	verifier  *verify.Verifier
	doubter   *doubt.Doubter
	canaries  *doubt.Canaries
	notifier  atomic.Pointer[notify.Notifier] // nil until registered
	loop      *quorum.Loop
	keys      keys
	scavenger *scavenger.Scavenger
	metrics   *metrics.Metrics
	trail     *auditTrail // nil if the audit log has no file of its own

	// changeable is what counts instead of what cfg says of it, and never
	// written to. reloading is held to change it along with the parts.
	changeable atomic.Pointer[Changeable]
	reloading  sync.Mutex

	hearing hearing
	removed atomic.Bool // this node was taken out of the cluster
	room    room
	warned  atomic.Pointer[[]api.Warning]
	blind   atomic.Pointer[quorum.Blindness]

	cancel context.CancelCauseFunc // ends the work of the node; run sees to the rest
	done   chan struct{}           // closed when every goroutine has ended
	err    error                   // read only after done is closed
	stop   sync.Once
}

// errStopped is why everything ends when the node is stopped on purpose.
var errStopped = errors.New("the node is stopping")

// Start brings a node up on what outside offers, and owns outside from then on:
// also when it fails, outside is closed. The node runs until Stop, or until
// something that it can't do without fails; Done tells.
func Start(cfg Config, outside Outside) (*Node, error) {
	n := &Node{
		cfg: cfg, out: outside,
		incarnation: rand.Text(),
		started:     time.Now(),
		machine:     cfg.Dialect.NewMachine(),
		done:        make(chan struct{}),
	}
	n.ballots = gossipdb.NewSigned(cfg.Name, n.signing())
	changeable := cfg.Changeable()
	n.changeable.Store(&changeable)
	n.log = cfg.logger().With("node", cfg.Name)
	n.trail = newAuditTrail(outside.Audit, n.log)
	n.member.Store(outside.Identity.Cluster != "" && !outside.Identity.SetAside)
	n.metrics = metrics.New(metrics.Config{Source: n, Endpoints: cfg.MetricsEndpoints, Logger: n.log})
	if outside.Meet != nil {
		outside.Meet(n.residentsAt)
	}

	err := cfg.Validate()
	if err == nil {
		err = outside.Identity.ReadableIn(cfg.Dialect)
	}
	if err == nil {
		err = n.build()
	}
	if err != nil {
		return nil, errors.Join(err, n.closeRaft(), n.closeOutside())
	}
	n.run()
	return n, nil
}

// build makes the parts. Raft and the gossip run from here on, everything else from
// run on.
func (n *Node) build() (err error) {
	if n.raft, err = consensus.New(n.consensusConfig()); err != nil {
		return err
	}
	if err := n.lookForTokens(); err != nil {
		return err
	}
	pulse := doubt.NewPulse(n.out.Clock)
	n.canaries = doubt.NewCanaries(n.cfg.Canaries, n.out.Checker, n.cfg.Name, n.cfg.Site, n.machine)
	n.verifier = verify.New(verify.Config{
		Node: n.cfg.Name, Site: n.cfg.Site, Machine: n.machine, Checker: doubt.Guard(n.out.Checker, pulse, n.canaries),
		Verdicts: castBallots{n.ballots}, MaxChecks: n.cfg.MaxChecks,
		Observer: n.metrics.Checks, Logger: n.log,
	})
	n.doubter = doubt.New(doubt.Config{
		Node: n.cfg.Name, Machine: n.machine, Ballots: n.ballots, Checks: n.verifier,
		Pulse: pulse, Canaries: n.canaries, Logger: n.log,
	})
	n.loop = quorum.NewLoop(quorum.Config{
		Node: n.cfg.Name, Machine: n.machine, Ballots: n.ballots, Proposer: decisions{n},
		Awake: n.doubter.Awake, Observer: n.metrics.Decisions, Logger: n.log,
	})
	n.scavenger = scavenger.New(scavenger.Config{
		Node: n.cfg.Name, Machine: n.machine, Ballots: n.ballots, Samples: n.verifier, Logger: n.log,
	})
	ring, err := n.readKeys()
	if err != nil {
		return err
	}
	n.gossip, err = gossipdb.StartGossip(n.gossipConfig(ring), n.ballots)
	return err
}

// part is one thing that a node does all the time. It returns when its context
// ends, or with an error that ends the node.
type part struct {
	name string
	run  func(context.Context) error
}

// run starts every goroutine of the node, in three groups that end one after
// the other: the front refuses new requests, the duties end and can still report
// what they did, and then what carries them ends. The first part that fails
// ends them all. A node that was taken out of the cluster ends its duties,
// what carries them when raft can do without it, and keeps the front, to say so.
func (n *Node) run() {
	carrying, stopCarrying := context.WithCancelCause(context.Background())
	carriers, carrying := start(carrying,
		part{"raft store", n.raft.WatchStore},
		part{"take part in raft", n.raft.Run},
		part{"gossip", n.gossip.Run},
		part{"follow the settings", n.followSettings},
		part{"watch for a usurper", n.watchUsurper},
		part{"watch the state machine", n.watchMachine},
	)
	working, stopWorking := context.WithCancelCause(carrying)
	workers, working := start(working,
		part{"take part", n.takePart},
		part{"verify", n.verifier.Run},
		part{"doubt", n.doubter.Run},
		part{"scavenge", n.scavenger.Run},
		part{"chores", n.runChores},
		part{"watch the room", n.watchRoom},
		part{"watch the certificates", n.watchCertificates},
		part{"say who is silent", n.sayWhenLeaderless},
		part{"watch for warnings", n.watchWarnings},
	)
	serving, stopServing := context.WithCancelCause(context.Background())
	front, serving := start(serving, part{"serve HTTP", n.serveHTTP})
	n.cancel = stopServing

	inner := make(chan error, 1)
	go func() {
		err := settle(workers, working)
		removed := errors.Is(err, errRemoved)
		if removed {
			n.retire(serving)
			n.carryRaft(carrying, serving)
		}
		stopCarrying(cmp.Or(err, errStopped))
		err = both(err, settle(carriers, carrying))
		if removed {
			n.leaveSilently()
			err = nil
		} else {
			stopServing(cmp.Or(err, errStopped))
		}
		inner <- err
	}()
	go func() {
		defer close(n.done)
		<-serving.Done() // stopped, or a part has failed
		err := settle(front, serving)
		stopWorking(cmp.Or(err, errStopped))
		n.err = both(err, <-inner)
	}()
}

// start runs parts until ctx ends or one of them fails. The context it returns
// ends with them.
func start(ctx context.Context, parts ...part) (*errgroup.Group, context.Context) {
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range parts {
		group.Go(func() error {
			if err := p.run(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			return nil
		})
	}
	return group, ctx
}

// Done is closed when the node has ended, by Stop or because it had to: Err
// says why.
func (n *Node) Done() <-chan struct{} { return n.done }

// Err returns why the node ended, nil while it runs and after Stop.
func (n *Node) Err() error {
	select {
	case <-n.done:
		return n.err
	default:
		return nil
	}
}

// watchMachine ends the node when the log holds what this build can't apply. A
// node that was taken out stays up to say so: the others need not wait for it,
// and may have said since what it can't read.
func (n *Node) watchMachine(ctx context.Context) error {
	select {
	case <-n.machine.Halted():
		if _, member := n.machine.View().Observer(n.cfg.Name); !member && n.notifier.Load() != nil {
			return nil
		}
		return n.machine.Err()
	case <-ctx.Done():
		return nil
	}
}

// alive reports whether the present process of that observer is heard. Who has
// just stood still can't tell who was silent meanwhile, and takes nobody for
// dead.
func (n *Node) alive(node string) bool {
	view := n.machine.View()
	o, ok := view.Observer(node)
	return ok && (n.fresh(o) || time.Since(n.doubter.Awake()) < view.Settings().BallotTTL())
}

// castBallots hands verdicts to the ballots.
type castBallots struct{ db *gossipdb.DB }

func (c castBallots) Cast(index uint64, votes []verify.Vote) {
	cast := make([]gossipdb.Vote, len(votes))
	for i, v := range votes {
		cast[i] = gossipdb.Vote(v)
	}
	c.db.Cast(index, cast)
}

// reporter hands outcomes to the cluster.
type reporter struct{ n *Node }

func (r reporter) Report(ctx context.Context, outcomes []fsm.Outcome) ([]*fsm.Refusal, error) {
	commands := make([]fsm.Command, len(outcomes))
	for i, o := range outcomes {
		commands[i] = fsm.RecordOutcome{Outcome: o}
	}
	results, err := r.n.Propose(ctx, commands...)
	if err != nil {
		return nil, err
	}
	refusals := make([]*fsm.Refusal, len(results))
	for i, result := range results {
		refusals[i] = result.Refused
	}
	return refusals, nil
}

// decisions hands the leader's decisions to raft: an entry each, since the index
// of the entry is the id of the event. Raft itself writes those that come
// together to disk together.
type decisions struct{ n *Node }

func (d decisions) Propose(ctx context.Context, t fsm.Transition) error {
	if refused := d.n.cfg.Dialect.Validate(d.n.machine.View(), t); refused != nil {
		return refused
	}
	_, err := d.n.raft.Commit(ctx, t)
	return err // a refusal by the state machine is an answer: the View tells
}
