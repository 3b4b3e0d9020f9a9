package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"tocsin/access"
	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
)

// Asks implements server.Access. A node that has a certificate, or was told of
// tokens, its own or the first ones of a cluster that it may found, asks before it has applied any:
// there is no moment in which it is open to all. So does one that has started again and
// has a token on its disk, before a leader has said that it counts.
func (n *Node) Asks() bool {
	return n.cfg.Auth.Asks(n.told() || n.machine.View().TokenCount() > 0 || n.tokensAhead && n.registered() == nil)
}

// told reports whether this node was started with something that is to be shown.
func (n *Node) told() bool {
	return n.cfg.TLS != "" || !n.out.PeerToken.IsZero() || len(n.out.FirstTokens) > 0
}

// lookForTokens finds out whether the log on the disk makes tokens that the newest
// snapshot does not know, where it depends on them whether this node asks.
func (n *Node) lookForTokens() error {
	if n.cfg.Auth.Asks(n.told()) || !n.cfg.Auth.Asks(true) {
		return nil
	}
	return n.raft.Ahead(func(entry []byte) bool {
		commands, err := n.cfg.Dialect.Decode(entry)
		// What this build can't read may make some, too.
		n.tokensAhead = err != nil || slices.ContainsFunc(commands, fsm.MakesTokens)
		return n.tokensAhead
	})
}

// Token implements server.Access. Before there is a cluster, the tokens that it
// will be founded with are good. A member that has just started knows none: only
// from who shows the very token that this node itself was given does it hear
// where they are, for else a cluster whose nodes have moved would not come back.
func (n *Node) Token(id string) (*access.Record, error) {
	view := n.machine.View()
	if r, ok := view.Token(id); ok {
		return r, nil
	}
	if view.ClusterID() != "" && !n.Blank() {
		return nil, nil
	}
	if n.clusterID() == "" {
		if at := slices.IndexFunc(n.out.FirstTokens, func(r access.Record) bool { return r.ID == id }); at >= 0 {
			return &n.out.FirstTokens[at], nil
		}
	}
	if own := n.out.PeerToken; !own.IsZero() && own.ID() == id {
		return &access.Record{ID: id, Name: "peer", Role: access.Join, Hash: own.Hash()}, nil
	}
	return nil, api.ErrUnsettled
}

// firstTokens are those that the founding entry carries.
func (n *Node) firstTokens() []access.Record {
	first := slices.Clone(n.out.FirstTokens)
	for i := range first {
		first[i].Created = time.Now().UTC().Truncate(time.Second)
	}
	return first
}

// mayRegister reports why whoever asks may not register that process, and whether it
// may as a new one only: another process of that name may register before it does.
func (n *Node) mayRegister(ctx context.Context, r peer.Registration) (onlyNew bool, err error) {
	if !n.Asks() {
		return false, nil
	}
	view, caller := n.machine.View(), access.From(ctx)
	_, member := view.Observer(r.Node)
	applicant := access.Applicant{
		Node: r.Node, Member: member, Again: view.Registered(registering(r)), NoTokens: view.TokenCount() == 0,
	}
	if err := access.MayRegister(caller, applicant); err != nil {
		return false, err
	}
	applicant.Member, applicant.Again = true, false
	return access.MayRegister(caller, applicant) != nil, nil
}

// maxSecretFile bounds what is read of a file that holds a token.
const maxSecretFile = 64 << 10

// openSecrets reads what the node was told by files, and opens the audit log.
func openSecrets(cfg Config, into *Outside, closers *closers) error {
	if err := readTokens(cfg, into); err != nil {
		return err
	}
	if cfg.AuditLog != "" {
		file, err := openAuditFile(cfg.AuditLog)
		if err != nil {
			return fmt.Errorf("--audit-log: %w", err)
		}
		closers.add(file.Close)
		into.Audit = file
	}
	return nil
}

// readTokens reads the files with tokens.
func readTokens(cfg Config, into *Outside) (err error) {
	if cfg.PeerTokenFile != "" {
		if into.PeerToken, err = readToken(cfg.PeerTokenFile); err != nil {
			return fmt.Errorf("--peer-token-file: %w", err)
		}
	}
	if cfg.BootstrapTokenFile != "" {
		text, err := readSmall(cfg.BootstrapTokenFile)
		if err == nil {
			into.FirstTokens, err = access.ParseRecords(text)
		}
		if err == nil && len(into.FirstTokens) == 0 {
			err = errors.New("it holds no token")
		}
		if err != nil {
			return fmt.Errorf("--bootstrap-token-file %s: %w", cfg.BootstrapTokenFile, err)
		}
	}
	return nil
}

// readToken reads a file that holds a token and nothing else. The error never
// quotes what is in it.
func readToken(name string) (access.Token, error) {
	text, err := readSmall(name)
	if err != nil {
		return access.Token{}, err
	}
	token, err := access.ParseToken(strings.TrimSpace(text))
	if err != nil {
		return token, fmt.Errorf("%s: %w", name, err)
	}
	return token, nil
}

func readSmall(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecretFile {
		return "", fmt.Errorf("%s is no file of at most %d bytes", name, maxSecretFile)
	}
	text, err := os.ReadFile(name)
	return string(text), err
}
