package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"

	"tocsin/credentials"
	"tocsin/datadir"
	"tocsin/keyring"
	"tocsin/notify"
	"tocsin/raftwire"
	"tocsin/verify"
)

// Run opens the real outside, brings a node up on it and runs it until ctx
// ends or the node can't go on. If beside is not nil it runs next to the node,
// in a goroutine of its own and with a context that ends with the node; Run
// waits for it.
func Run(ctx context.Context, cfg Config, beside func(context.Context, *Node)) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	outside, err := Open(cfg)
	if err != nil {
		return err
	}
	n, err := Start(cfg, outside)
	if err != nil {
		return err
	}
	besides, endBeside := context.WithCancel(ctx)
	var running sync.WaitGroup
	if beside != nil {
		running.Go(func() { beside(besides, n) })
	}
	select {
	case <-ctx.Done():
		n.log.Info("stopping", "cause", context.Cause(ctx))
	case <-n.Done():
	}
	endBeside()
	running.Wait()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	stopped := n.Stop(stopping)
	if err := n.Err(); err != nil {
		// Why it had to end is what counts. Much of what goes wrong then follows.
		if stopped != nil {
			n.log.Warn("the node did not end in good order", "err", stopped)
		}
		return err
	}
	return stopped
}

// Open makes the real outside: the data directory, the sockets and the scripts.
// When it fails, whatever it had opened is closed again.
func Open(cfg Config) (outside Outside, err error) {
	var closers closers
	defer func() {
		if err != nil {
			err = errors.Join(err, closers.close())
		}
	}()

	scripts, err := cfg.OpenScripts()
	if err != nil {
		return outside, err
	}
	if err := checkScripts(cfg, scripts); err != nil {
		return outside, err
	}
	live, err := openCredentials(cfg)
	if err != nil {
		return outside, err
	}
	if err := openSecrets(cfg, &outside, &closers); err != nil {
		return outside, err
	}
	if cfg.GossipKeyFile != "" {
		outside.Keys = keyring.File(cfg.GossipKeyFile)
	}
	dir, err := datadir.Open(cfg.DataDir, cfg.Name)
	if err != nil {
		return outside, err
	}
	closers.add(dir.Close)
	outside.Identity, outside.Remember = dir.Identity(), dir.Remember
	if outside.BallotKey, err = dir.BallotKey(); err != nil {
		return outside, err
	}

	storage, err := dir.OpenStorage(cfg.logger())
	if err != nil {
		return outside, err
	}
	closers.add(storage.Close)
	outside.Raft.Log, outside.Raft.Stable, outside.Raft.Snapshots = storage.Store, storage.Store, storage.Snapshots
	ledger, err := dir.OpenLedger()
	if err != nil {
		return outside, err
	}
	closers.add(ledger.Close)
	outside.Ledger = ledger

	transport, err := openRaftTransport(cfg, live)
	if err != nil {
		return outside, err
	}
	closers.add(transport.Close)
	outside.Raft.Transport, outside.Raft.CalleeAt, outside.Raft.HangUp = transport, transport.CalleeAt, transport.HangUp
	if outside.HTTP, err = openHTTP(cfg, live); err != nil {
		return outside, err
	}
	closers.add(func() error {
		if err := outside.HTTP.Close(); !errors.Is(err, net.ErrClosed) {
			return err // the server closes it when it served
		}
		return nil
	})

	known := &residents{}
	outside.Credentials, outside.Peers, outside.Meet = live, peersBy(live, known, outside.PeerToken), known.meet
	outside.Scripts = scripts
	tellWhomScriptsRunAs(cfg, scripts)
	checks := verify.NewChecks(scripts, cfg.logger())
	closers.add(func() error { checks.Close(); return nil })
	outside.Checker, outside.Streams = checks, checks.Streams
	outside.Runner = notify.NewScripts(scripts)
	outside.Close = closers.close
	return outside, nil
}

func openRaftTransport(cfg Config, live *credentials.Live) (*raftwire.Network, error) {
	advertise, err := net.ResolveTCPAddr("tcp", cfg.advertised(cfg.Raft))
	if err != nil {
		return nil, fmt.Errorf("--raft: %w", err)
	}
	if advertise.IP == nil || advertise.IP.IsUnspecified() {
		return nil, fmt.Errorf("--raft: nobody can call %s: name an address with --advertise", advertise)
	}
	var among *tls.Config
	if live != nil {
		among = live.AmongNodes()
	}
	doorman := newDoorman("raft", cfg.logger())
	listener, err := listen(cfg.Raft, "raft", raftRooms, among, doorman)
	if err != nil {
		return nil, err
	}
	return raftwire.NewNetwork(raftwire.NetworkConfig{
		Listener: listener, Advertise: advertise, Refused: doorman.refused, Credentials: live, Logger: cfg.logger(),
	}), nil
}

func openHTTP(cfg Config, live *credentials.Live) (net.Listener, error) {
	var forAll *tls.Config
	if live != nil {
		forAll = live.ForAll(cfg.ClientCerts == ClientCertsRequired)
	}
	return listen(cfg.HTTP, "http", httpRooms, forAll, newDoorman("http", cfg.logger()))
}

// closers undoes what was opened, the last first.
type closers struct{ stack []func() error }

func (c *closers) add(f func() error) { c.stack = append(c.stack, f) }

func (c *closers) close() error {
	var errs []error
	for len(c.stack) > 0 {
		last := len(c.stack) - 1
		errs = append(errs, c.stack[last]())
		c.stack = c.stack[:last]
	}
	return errors.Join(errs...)
}
