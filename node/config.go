package node

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"tocsin/access"
	"tocsin/api/server"
	"tocsin/consensus"
	"tocsin/doubt"
	"tocsin/fsm"
	"tocsin/logring"
	"tocsin/notify"
)

// Config says what belongs to this one node. What belongs to the cluster is in
// Settings, and counts only on the node that founds it.
type Config struct {
	// Name is the node's name in the cluster: unique, and kept for life.
	Name string
	// Site says where the node stands; empty if all stand in one place.
	Site string
	// DataDir holds everything that must survive a restart.
	DataDir string
	// Scripts is the directory of the verification and notification scripts.
	Scripts string
	// ScriptUser is whom they run as, as account.Lookup takes it; "" is whom the
	// node runs as.
	ScriptUser string

	// HTTP, Raft and Gossip are the host:port pairs to listen on.
	HTTP, Raft, Gossip string
	// Advertise is the host that other nodes reach this one by, if it is not
	// the one it listens on (0.0.0.0, or behind an address translation).
	Advertise string

	// TLS is a directory with this node's certificate and key, and with the CAs
	// that it believes; "" speaks plain text. See package pki for the files.
	TLS string
	// GossipKeyFile is a file with the keys that the gossip is encrypted by, as
	// package keyring has them; "" gossips in the clear.
	GossipKeyFile string
	// ClientCerts says whether whoever calls the API by TLS has to show a
	// certificate; "" is ClientCertsOptional.
	ClientCerts ClientCerts
	// Insecure owns the risk of what exposed would refuse.
	Insecure bool

	// Bootstrap founds a cluster if this node has none yet and no member can
	// be reached at Join. It is harmless ever after.
	Bootstrap bool
	// Join are HTTP addresses of members, tried in turn by a node that
	// belongs to no cluster yet.
	Join []string
	// GossipJoin are gossip addresses to contact beside those of the members.
	GossipJoin []string
	// Canaries are addresses that must be reachable from here, host:port or
	// URLs: while none of them answers, this node abstains. None: no such doubt.
	Canaries []string
	// LeaveOnExit takes the node out of the cluster when it is stopped.
	LeaveOnExit bool

	// Settings are the first settings of a cluster that this node founds.
	Settings fsm.ClusterSettings

	// MaxChecks and MaxNotifications bound how many scripts run at once;
	// 0 means 64 and 8.
	MaxChecks, MaxNotifications int
	// Missed says what becomes of events that passed this node by, because it
	// was away for too long or has lost its ledger; "" means notify.Current.
	Missed notify.Policy
	// WriteLimit is how long one write to the raft store may take, its sync
	// included, before the node ends: a disk that hangs must not keep the lead
	// from the others. 0 means 30 s.
	WriteLimit time.Duration
	// Retention says how much of the raft log is kept; zero means defaults.
	Retention Retention
	// Original says how much of the original's HTTP paths is served; "" is all.
	Original server.OriginalMode
	// Auth says when whoever asks over HTTP has to prove who they are; "" is
	// access.Auto.
	Auth access.Mode
	// PeerTokenFile holds the token that this node shows to the others;
	// BootstrapTokenFile the first tokens of a cluster that it founds, without
	// their secrets; AuditLog is a file to which each change is written. Each is
	// "" for none.
	PeerTokenFile, BootstrapTokenFile, AuditLog string
	// MetricsOpen lets everybody read the metrics.
	MetricsOpen bool
	// MetricsEndpoints shows the state of each endpoint among the metrics, of
	// metrics.MaxEndpoints at most.
	MetricsEndpoints bool
	// Profiling shows profiles of this process over HTTP, to its machine alone.
	Profiling bool
	// Process is the process that the node runs in, as the API shows it; nil: it
	// was told nothing, and can't be told anything.
	Process server.Process
	// Log holds what Logger was told last, for the API to show; nil: nothing.
	Log *logring.Ring
	// Version is told to the other nodes.
	Version string
	// Dialect is what this process reads and says in the replicated log; the
	// zero one is that of this build. Tests play other builds with it.
	Dialect fsm.Dialect
	// Logger gets what happens; nil discards it.
	Logger *slog.Logger
}

// Retention is how raft compacts its log.
type Retention = consensus.Retention

// ClientCerts says who may call the API by TLS.
type ClientCerts string

// With an optional certificate those without one may prove in another way who
// they are; where it is required they are not let in.
const (
	ClientCertsOptional ClientCerts = "optional"
	ClientCertsRequired ClientCerts = "required"
)

// Validate returns every fault of c at once, each naming the flag to change.
// It touches neither disk nor network.
func (c Config) Validate() error {
	var errs []error
	if err := fsm.ValidateNodeName(c.Name); err != nil {
		errs = append(errs, fmt.Errorf("--node: %w", err))
	}
	if c.Site != "" {
		if err := fsm.ValidateNodeName(c.Site); err != nil {
			errs = append(errs, fmt.Errorf("--site: %w", err))
		}
	}
	if c.DataDir == "" {
		errs = append(errs, errors.New("--data-dir: name a directory for what must survive a restart"))
	}
	for _, a := range []struct{ flag, address string }{{"--http", c.HTTP}, {"--raft", c.Raft}, {"--gossip", c.Gossip}} {
		if err := c.validateListen(a.address); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", a.flag, err))
		}
	}
	if c.ClientCerts != "" && c.ClientCerts != ClientCertsOptional && c.ClientCerts != ClientCertsRequired {
		errs = append(errs, fmt.Errorf("--client-certs: %.80q is neither optional nor required", c.ClientCerts))
	}
	errs = append(errs, c.exposed()...)
	for _, a := range c.Join {
		if _, err := splitAddress(a); err != nil {
			errs = append(errs, fmt.Errorf("--join: %w", err))
		}
	}
	for _, a := range c.GossipJoin {
		if _, err := splitAddress(a); err != nil {
			errs = append(errs, fmt.Errorf("--gossip-join: %w", err))
		}
	}
	if err := doubt.ValidateCanaries(c.Canaries); err != nil {
		errs = append(errs, fmt.Errorf("--canary: %w", err))
	}
	if c.MaxChecks < 0 {
		errs = append(errs, errors.New("--max-checks can't be negative"))
	}
	if c.MaxNotifications < 0 {
		errs = append(errs, errors.New("--max-notifications can't be negative"))
	}
	if c.Missed != "" && c.Missed != notify.Current && c.Missed != notify.Skip {
		errs = append(errs, fmt.Errorf("--missed-notifications: %.80q is neither current nor skip", c.Missed))
	}
	if c.Original != "" {
		if _, err := server.ParseOriginalMode(string(c.Original)); err != nil {
			errs = append(errs, fmt.Errorf("--original-api: %w", err))
		}
	}
	if c.Auth != "" {
		if _, err := access.ParseMode(string(c.Auth)); err != nil {
			errs = append(errs, fmt.Errorf("--auth: %w", err))
		}
	}
	if c.WriteLimit < 0 {
		errs = append(errs, errors.New("WriteLimit can't be negative"))
	}
	if err := c.Settings.Validate(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c Config) validateListen(address string) error {
	host, err := splitAddress(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); (host == "" || ip != nil && ip.IsUnspecified()) && c.Advertise == "" {
		return fmt.Errorf("%q listens on every address, so the others can't tell which to use: add --advertise with the one they reach", address)
	}
	return nil
}

func splitAddress(address string) (host string, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("%q is not of the form host:port", address)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", fmt.Errorf("%q has the port %q, which is not a number from 1 to 65535", address, port)
	}
	return host, nil
}

// advertised returns how others reach what listens on address.
func (c Config) advertised(address string) string {
	if c.Advertise == "" {
		return address
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return address // Validate refused it already
	}
	return net.JoinHostPort(c.Advertise, port)
}

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}
